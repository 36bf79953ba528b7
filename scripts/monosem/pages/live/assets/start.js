"use strict";
// Holds the scripts of this page, some of which are the feature browser's.
const monosem = {};
