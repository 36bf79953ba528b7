"""Which expressions of the project's code are pandas', as far as annotations and assignments tell, and what they are
asked that passes over NaN without a word. Numpy and torch carry NaN on, but for the functions that say so."""

import ast
from pathlib import Path

SKIPPING = {"mean", "median", "sum", "prod", "std", "var", "sem", "skew", "kurt", "min", "max", "idxmin", "idxmax"}
SKIPPING |= {"cumsum", "cumprod", "cummin", "cummax", "agg", "aggregate", "describe", "corr", "cov", "corrwith"}
SKIPPING |= {"quantile", "nunique", "value_counts", "count", "rank", "mode", "pivot_table", "nlargest", "nsmallest"}
SKIPPING |= {"rolling", "expanding", "ewm", "first", "last"}
DROPPING = {"dropna", "fillna", "nan_to_num"}
NOT_FRAMES = {"to_numpy", "tolist", "to_dict", "item", "to_list", "itertuples", "values", "shape", "size", "groups"}
NOT_FRAMES |= {"columns", "empty", "dtype", "isna", "notna", "isin", "any", "all", "items", "str", "duplicated"}
PANDAS = ("pd.DataFrame", "pd.Series", "DataFrameGroupBy")


def is_frame(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(name in ast.unparse(annotation) for name in PANDAS)


def makers(trees: dict[Path, ast.Module]) -> tuple[dict[Path, set[str]], set[str], set[str]]:
    """Functions that give tables, by module; methods that do; and fields that hold them."""
    functions, methods, fields = {}, set(), set()
    for path, tree in trees.items():
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        methods |= {node.name for of in classes for node in of.body if gives_frame(node)}
        fields |= {node.target.id for of in classes for node in of.body if holds_frame(node)}
        functions[path] = {node.name for node in tree.body if gives_frame(node)}
    return functions, methods, fields


def gives_frame(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and is_frame(node.returns)


def holds_frame(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and is_frame(node.annotation)


def imported(tree: ast.Module, functions: dict[Path, set[str]]) -> set[str]:
    """Functions that give tables, of those that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("monosem"):
            place = f"{node.module.replace('.', '/')}.py"
            given = next((names for path, names in functions.items() if path.as_posix().endswith(place)), set())
            found |= given & {alias.name for alias in node.names}
    return found


class Frames(ast.NodeVisitor):
    """Walks one function, or a module's own lines, in order; `found` are calls (name, node) on tables."""

    def __init__(self, functions: set[str], methods: set[str], fields: set[str], known: set[str]) -> None:
        self.functions, self.methods, self.fields, self.known = functions, methods, fields, set(known)
        self.found: list[tuple[str, ast.Call]] = []

    def frame(self, node: ast.expr) -> bool:
        match node:
            case ast.Name():
                return node.id in self.known
            case ast.Attribute():
                return node.attr in self.fields or (node.attr not in NOT_FRAMES and self.frame(node.value))
            case ast.Subscript():
                return self.frame(node.value)
            case ast.Call(func=ast.Name()):
                return node.func.id in self.functions or (
                    node.func.id in ("abs", "list", "zip", "enumerate", "sorted", "progress", "sum", "max", "min")
                    and any(map(self.frame, node.args))
                )
            case ast.Call(func=ast.Attribute(value=ast.Name(id="pd"))):
                return True
            case ast.Call(func=ast.Attribute()):
                return node.func.attr not in NOT_FRAMES and (
                    node.func.attr in self.methods or self.frame(node.func.value)
                )
            case ast.BinOp():
                return self.frame(node.left) or self.frame(node.right)
            case ast.UnaryOp():
                return self.frame(node.operand)
            case ast.IfExp():
                return self.frame(node.body) or self.frame(node.orelse)
            case ast.List() | ast.Tuple():
                return any(map(self.frame, node.elts))
            case ast.ListComp() | ast.GeneratorExp():
                return self.frame(node.elt)
            case ast.DictComp():
                return self.frame(node.value)
            case ast.NamedExpr():
                return self.frame(node.value)
        return False

    def learn(self, target: ast.expr, value: ast.expr) -> None:
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            pairs = list(zip(target.elts, value.elts, strict=True))
        for to, of in pairs:
            names = {node.id for node in ast.walk(to) if isinstance(node, ast.Name)} - {"_"}
            if isinstance(to, ast.Name | ast.Tuple):
                self.known = self.known | names if self.frame(of) else self.known - names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        inner = Frames(self.functions, self.methods, self.fields, self.known)
        given = [*node.args.args, *node.args.kwonlyargs]
        inner.known |= {argument.arg for argument in given if is_frame(argument.annotation)}
        inner.known -= {argument.arg for argument in given if not is_frame(argument.annotation)}
        for line in node.body:
            inner.visit(line)
        self.found += inner.found

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self.learn(target, node.value)

    def visit_For(self, node: ast.For) -> None:
        self.learn(node.target, node.iter)
        self.generic_visit(node)

    def comprehension(self, node: ast.expr) -> None:
        for part in node.generators:
            self.learn(part.target, part.iter)
        self.generic_visit(node)

    visit_ListComp = visit_GeneratorExp = visit_DictComp = visit_SetComp = comprehension

    def visit_Call(self, node: ast.Call) -> None:
        name, of = ast.unparse(node.func), node.func.value if isinstance(node.func, ast.Attribute) else None
        for given in [*node.args, *(word.value for word in node.keywords)]:
            if isinstance(given, ast.Lambda):  # of a table's `assign` and `apply`
                names = {argument.arg for argument in given.args.args}
                self.known = self.known | names if of is not None and self.frame(of) else self.known - names
        self.generic_visit(node)
        if name.startswith(("np.nan", "torch.nan")):
            self.found.append((name, node))
        elif of is not None and self.frame(of) and name.split(".")[-1] in SKIPPING | DROPPING:
            self.found.append((name.split(".")[-1], node))


def asked_of_frames(trees: dict[Path, ast.Module]) -> list[tuple[Path, ast.Call]]:
    """Calls on tables that may pass over NaN, but for those that say `skipna=False` or `dropna=False`."""
    functions, methods, fields = makers(trees)
    found = []
    for path, tree in trees.items():
        walker = Frames(functions[path] | imported(tree, functions), methods, fields, set())
        walker.visit(tree)
        found += [(path, node) for _, node in walker.found if not strict(node)]
    return found


def strict(node: ast.Call) -> bool:
    return any(word.arg in ("skipna", "dropna") and ast.unparse(word.value) == "False" for word in node.keywords)


def asked(node: ast.Call) -> str:
    name = ast.unparse(node.func)
    return name if name.startswith(("np.", "torch.")) else name.split(".")[-1]
