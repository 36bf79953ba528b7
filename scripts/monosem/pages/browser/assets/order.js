"use strict";
// Which rows are shown, and in which order.
monosem.order = (() => {
  const DIGITS = 2 ** 16;
  const LAST = 2 ** 32 - 1;

  // Sorts by counting, 16 bits of a 32-bit value at a time: several times faster than comparing. Rows of equal values
  // stay in their order, and those without a value come last.
  function sorted(rows, values, descending) {
    const keys = new Uint32Array(values.length);
    const bits = new Uint32Array(new Float32Array(values).buffer);
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k];
      const key = bits[row] >>> 31 ? ~bits[row] : bits[row] | 0x80000000; // whole numbers in the order of the values
      keys[row] = values[row] !== values[row] ? LAST : descending ? ~key : key;
    }
    return counted(counted(rows, keys, 0), keys, 16);
  }

  function counted(rows, keys, shift) {
    const places = new Uint32Array(DIGITS + 1);
    for (let k = 0; k < rows.length; k++) places[((keys[rows[k]] >>> shift) & (DIGITS - 1)) + 1]++;
    for (let digit = 0; digit < DIGITS; digit++) places[digit + 1] += places[digit];
    const order = new Uint32Array(rows.length);
    for (let k = 0; k < rows.length; k++) order[places[(keys[rows[k]] >>> shift) & (DIGITS - 1)]++] = rows[k];
    return order;
  }

  // Words and "phrases in quotes" that all must occur, and comparisons such as density<0.01.
  function parse(query) {
    const words = [];
    const limits = [];
    for (const [, quoted, word] of query.toLowerCase().matchAll(/"([^"]*)"?|(\S+)/g)) {
      const limit = word?.match(/^([a-z]+)(<=|>=|<|>|=)(-?[\d.]+(?:e-?\d+)?)$/);
      if (limit) limits.push({ column: limit[1], sign: limit[2], number: Number(limit[3]) });
      else if (quoted || word) words.push(quoted ?? word);
    }
    return { words, limits };
  }

  const SIGNS = {
    "<": (a, b) => a < b,
    ">": (a, b) => a > b,
    "<=": (a, b) => a <= b,
    ">=": (a, b) => a >= b,
    "=": (a, b) => a === b,
  };

  function matching(n, tests) {
    const rows = new Uint32Array(n);
    if (!tests.length) return rows.map((_, row) => row);
    let count = 0;
    for (let row = 0; row < n; row++) if (tests.every((test) => test(row))) rows[count++] = row;
    return rows.slice(0, count);
  }

  const within = (values, { sign, number }) => (row) => SIGNS[sign](values[row], number);
  const containing = (texts, word) => (row) => texts[row].includes(word);

  return { sorted, parse, matching, within, containing };
})();
