"""A line of text in each of many scripts, that tokenizers are tried on."""

import unicodedata

SAMPLES = (
    "The 3 cats don't sleep; 48 dogs bark, and we all hurry on.",
    "El niño comió más azúcar, naïve Übergrößen façade.",
    "Γλώσσα παλιά και όμορφη, λέξεις πολλές.",
    "Съешь ещё этих мягких французских булок.",
    "اللغة العربية جميلة جدا في الشعر.",
    "השפה העברית נכתבת מימין לשמאל.",
    "हिन्दी भारत की एक भाषा है।",
    "ภาษาไทยมีวรรณยุกต์",
    "中文没有空格。汉字很多。",
    "これは日本語の文章です。",
    "한국어 문장은 띄어 씁니다.",
    "ქართული ანბანი ლამაზია.",
)


def plain(text: str) -> str:
    """What tokenizers may change is gone: white space, case, accents, forms of one character."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in letters if not one.isspace() and unicodedata.category(one)[0] != "M").casefold()
