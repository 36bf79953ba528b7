"""The folder named on the command line as a stream of the real library, from its start and from places within it."""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3] / "scripts"))

from monosem.text.corpus.streams import HuggingFace

folder = Path(sys.argv[1])
source = f"hf:{folder / 'shards'}"
stream, whole, places = HuggingFace(source), [], {}
for document in stream:
    whole.append(document)
    if len(whole) % 7 == 1 or len(whole) % 40 == 0:
        places[len(whole)] = json.dumps(stream.place())
rests = {}
for number, place in places.items():
    again = HuggingFace(source)
    again.go_on(json.loads(place))
    rests[number] = list(again)
(folder / "found.json").write_text(json.dumps({"whole": whole, "rests": rests}))
