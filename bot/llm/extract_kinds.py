"""What a question asks for: words, and kinds of things that papers tell in known ways and places.

"How many parameters?" has no word that must stand in the answer; what must stand there is a number with
parameters behind it. Each kind knows questions that ask for it, sentences that may tell it, sentences that
surely do, and the sections where it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.fulltext.sections import Role, role
from bot.llm import amounts
from bot.llm.extract_weights import rarity
from bot.text import content_stems, stems


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that is asked for: words of the question, of the sentence, and sections.

    ``says`` finds sentences that may tell it, ``sure`` those that do; ``at_home`` means that it is told in
    its sections only.
    """

    name: str
    asks: re.Pattern[str]
    says: re.Pattern[str]
    home: frozenset[Role]
    sure: re.Pattern[str]
    at_home: bool = False

    def tells(self, sentence: str, section: str) -> bool:
        """Whether the sentence surely tells a thing of this kind."""
        there = bool(section) and role(section) in self.home
        if self.name == "limitations" and section:
            if role(section) is Role.LIMITATIONS:
                return True
            if role(section) is Role.APPENDIX:
                return False
        return bool(self.sure.search(sentence)) and (there or not self.at_home or not section)


def _kind(name: str, asks: str, says: str, *home: Role, sure: str = "", at_home: bool = False) -> Kind:
    asks_, says_, sure_ = (re.compile(words, re.IGNORECASE) for words in (asks, says, sure or says))
    return Kind(name, asks_, says_, frozenset(home), sure_, at_home)


_KINDS = (
    _kind(
        "about",
        r"\bwhat (?:is|does) (?:this|the|it)\b.{0,20}\b(?:paper|work|study|article)?\b.{0,12}\babout\b|"
        r"\btl;?dr\b|"
        r"\bsummar|\bmain (?:idea|contribution|point|finding)s?\b|\bkey (?:idea|contribution|finding|"
        r"insight)s?\b|"
        r"\bcontributions?\b|\bwhat (?:do|does|did) (?:they|it|the authors|this paper) (?:propose|do|"
        r"introduce|"
        r"present)\b|\bin (?:a|one) (?:nutshell|sentence)\b|\bexplain (?:this|the) paper\b",
        r"\b(?:we|this (?:paper|work|study)) (?:\w+ )?(?:propose|introduce|present|develop|study|show|"
        r"describe|"
        r"investigate|examine|report|find)|\bcontributions?\b",
        Role.ABSTRACT, Role.INTRODUCTION, Role.CONCLUSION, at_home=True,
    ),
    _kind(
        "limitations",
        r"\blimitations?\b|\bweakness|\bdrawbacks?\b|\bshortcomings?\b|\bcaveats?\b|"
        r"\b(?:does|do|did|can|could|will|would) (?:it|they|this|the (?:method|model|approach|"
        r"system)) fail\b|"
        r"\bfailure (?:cases?|modes?)\b|\bdownsides?\b|\bdisadvantage",
        r"\blimitations?\b|\blimited\b|\bdrawbacks?\b|\bcaveats?\b|\bshortcoming|\bfail(?:s|ed|ure)?\b|"
        r"\bcannot\b|"
        r"\bdoes not\b|\bdo not\b|\bmay not\b|\bonly (?:consider|evaluate|test|focus|cover)|"
        r"\bthreats? to validity",
        Role.LIMITATIONS, Role.DISCUSSION, Role.CONCLUSION,
        sure=r"^(?!.*\b(?:prior|previous|existing|these|such|current|other|address|common|"
        r"overcome)\b).*\b(?:limitations?|"
        r"drawbacks?|caveats?|shortcomings?|threats? to validity|failure (?:cases?|modes?))\b|"
        r"\b(?:our|this) (?:\w+ ){1,2}(?:is|are) limited\b|\bour (?:\w+ ){1,2}(?:fails?|cannot|does not)\b",
    ),
    _kind(
        "future", r"\bfuture\b|\bnext steps?\b|\bopen (?:questions?|problems?)\b",
        r"\bfuture\b|\bwe (?:plan|leave|hope|intend)\b|\bremains? (?:an )?open\b|\bfurther (?:research|"
        r"work|stud)",
        Role.FUTURE, Role.CONCLUSION, Role.DISCUSSION, Role.LIMITATIONS,
    ),
    _kind(
        "parameters",
        r"\b(?:how (?:many|big|large)|number of|count|size)\b.{0,40}\b(?:parameters?|weights|params?|model|"
        r"network)\b"
        r"|\b(?:more|most|fewer|fewest) parameters\b|"
        r"\bparameter (?:count|size)|\bmodel size\b|"
        r"\bhow (?:big|large) is (?:it|this|the (?:\w+ )?model|"
        r"the network)\b",
        r"\b\d[\d.,]*\s?(?:[MBKT]|million|billion|thousand)?\b\W{0,3}(?:\w+ ){0,2}?(?:parameters?|weights|"
        r"params)\b|"
        r"\bparameters?\b.{0,40}\b\d|\b\d[\d.]*\s?[MB]\b(?: model| parameters|-parameter)|\b\d+ ?[x×] ?10",
        Role.METHOD, Role.EXPERIMENTS, Role.OTHER, Role.ABSTRACT,
        sure=r"\b\d[\d.,]*\s?[-–]?(?:M|B|T|K|million|billion|trillion|"
        r"thousand)\b\W{0,3}(?:\w+ ){0,2}?(?:parameters?|"
        r"weights|params)\b|\b\d{4,}[\d,]* (?:\w+ ){0,2}?parameters?\b|"
        r"\b\d[\d,]*,\d{3} (?:\w+ ){0,2}?param|"
        r"(?<!hyper)(?<!hyper-)\bparameters?\b.{0,40}\b\d[\d.,]*\s?(?:M|B|million|billion)\b",
    ),
    _kind(
        "hardware",
        r"\bgpus?\b|\btpus?\b|\bhardware\b|\bcompute\b|\bhow (?:long|much time)\b.{0,40}\btrain\w*|"
        r"\btraining (?:time|"
        r"cost)\b|\bexpensive\b|\bcosts?\b.{0,20}\btrain\w*",
        r"\b(?:GPUs?|TPUs?|NVIDIA|A100|V100|H100|RTX|P100|CPUs?)\b|\b\d[\d.]* ?(?:hours|days|minutes)\b|"
        r"\bFLOPs?\b|"
        r"\b\d+ ?GB\b",
        Role.EXPERIMENTS, Role.METHOD, Role.APPENDIX,
        sure=r"\b(?:NVIDIA|GeForce|Quadro|Tesla|RTX|GTX|Titan|[AVHP]\d00|T4|TPU ?v\d\w*|Xeon|EPYC)\b|"
        r"\b(?:\d+|a|one|two|three|four|six|eight|sixteen|single)[ ×x]*(?:[\w-]+ ){0,3}?(?:GPUs?|TPUs?|"
        r"CPUs?)\b|"
        r"\b(?:GPU|TPU|CPU)[- ](?:hours?|days?)\b|(?=.*\b(?:train\w*|took|takes?)\b).*\b(?:\d[\d.]*|one|"
        r"an|two|three) ?(?:hours?|days?|minutes?|weeks?)\b|\b\d+ ?GB\b|"
        r"\b\d[\d.]*\S* ?[KMGTPE]?FLOPs?\b",
    ),
    _kind(
        "memory",
        r"(?:\b(?:v?ram|memory)\b(?! (?:bank|network|cell|module|augmented))|\bdisk space\b|"
        r"\bmemory footprint\b)(?:.{0,25}\b(?:sav|reduc|requir|consum|need|tak|occup)\w*)?",
        r"\bmemory\b|\bV?RAM\b|\bfootprint\b|\b\d[\d.]* ?[kMGT]i?B\b",
        Role.EXPERIMENTS, Role.RESULTS, Role.METHOD, Role.ABSTRACT,
        sure=r"\b(?:\d|hal(?:f|ve)|third|quarter|reduc|sav|less|lower|fewer|only|small|constant|linear|"
        r"quadratic)"
        r".{0,60}\b(?:memory|V?RAM|footprint)\b|\b(?:memory|V?RAM|footprint)\b.{0,60}(?:\b\d|\b(?:by|from) |"
        r"hal(?:f|ve)|reduc|sav)|\b\d[\d.]* ?[kMGT]i?B\b",
    ),
    _kind(
        "speed",
        r"\breal[- ]?time\b|\bhow fast\b|\b(?:inference|run-?time|running) (?:time|speed|cost)\b|"
        r"\blatency\b|\bfps\b|"
        r"\bthroughput\b|\bspeed(?:[- ]?ups?)?\b|\b(?:faster|slower)\b|"
        r"\bhow (?:quick|long)\b(?!.{0,40}\btrain).{0,30}\b(?:take|run|infer|process)",
        r"\breal[- ]?time\b|\blatency\b|\bfps\b|\bframes per second\b|\bthroughput\b|\b(?:inference|"
        r"run-?time) (?:time|"
        r"speed|efficien)|\b\d[\d.,]* ?(?:ms|milliseconds?|seconds?|sec)\b|\bper second\b|\bspeed[- ]?ups?\b|"
        r"\bfaster\b",
        Role.EXPERIMENTS, Role.RESULTS,
        sure=r"\breal[- ]?time\b|\blatency\b|\bfps\b|\bframes per second\b|\bthroughput\b|\bper second\b|"
        r"\bspeed[- ]?ups?\b|\b(?:faster|slower)\b|"
        r"\b(?:inference|run-?time|running) (?:time|speed)|\b\d[\d.,]* ?(?:ms|milliseconds?|seconds?|sec)\b",
    ),
    _kind(
        "code",
        r"\b(?:source )?code\b(?! (?:gen|compl|synth|review|search|under|mix))|"
        r"\bgithub\b|\bopen[- ]?sourced?\b|\brepo(?:sitory)?\b|"
        r"\bimplementation available\b|"
        r"\b(?:weights|models?|data|datasets?)\b.{0,30}\b(?:available|public|released?|download)\b",
        r"github|gitlab|huggingface\.co|zenodo|osf\.io|\bopen[- ]source\b|\bdeposited\b|\baccession\b|"
        r"\b(?:code|data|datasets?|models?|weights|software|toolkit)\b"
        r".{0,80}\b(?:available|released?|open[- ]?sourced?|public)|\b(?:release|open-source|"
        r"publish)\w*\b.{0,60}\b"
        r"(?:code|data|models?|weights)\b",
        Role.ABSTRACT, Role.INTRODUCTION, Role.BACK, Role.CONCLUSION,
        sure=r"github|gitlab|huggingface\.co|zenodo|osf\.io|\bdeposited (?:in|at|to)\b|"
        r"\baccession (?:number|code)|"
        r"\b(?:code|data|datasets?|corpus|models?|"
        r"weights|software|"
        r"toolkit|checkpoints)\b.{0,80}\b(?:(?:is|are|be|made) (?:\w+ )?(?:available|released|public|open)|"
        r"at https?:)|\bwe (?:\w+ )?(?:release|open-?source|publish)\b|"
        r"\bopen[- ]source (?:\w+ ){0,3}(?:toolkit|"
        r"library|code|software|implementation|framework|package|tool|system)\b",
    ),
    _kind(
        "data",
        r"\bdata ?sets?\b|\bbenchmarks?\b|\bcorp(?:us|ora)\b|\b(?:training|test) (?:data|sets?)\b|"
        r"\bwhat data\b|"
        r"\bwhich data\b|\btrained on\b|\bevaluated on\b|\btest(?:ed)? on\b",
        r"\bdata ?sets?\b|\bbenchmarks?\b|\bcorp(?:us|ora)\b|\b(?:training|test|validation|"
        r"development) (?:data|"
        r"sets?)\b|\b(?:trained|evaluated?|tested|fine-?tuned|pre-?trained) on\b|\bdata (?:from|of)\b|"
        r"\bwe (?:record|collect|gather|sampl)\w* .{0,40}\d",
        Role.DATA, Role.EXPERIMENTS, Role.ABSTRACT, Role.METHOD, Role.RESULTS,
    ),
    _kind(
        "people",
        r"\bparticipants?\b|\bsubjects\b|\bpatients\b|\bsample size\b|(?<!-)\bannotators?\b|"
        r"\busers? (?:study|"
        r"took)\b|"
        r"\bhow many people\b",
        r"\b(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|twelve|N ?=)\W{0,3}(?:\w+[ -]){0,3}?(?:"
        r"participants?|subjects|patients|annotators?|users|people|students|workers|individuals|children|"
        r"women|men)\b"
        r"|\b[Nn] ?= ?\d",
        Role.DATA, Role.METHOD, Role.EXPERIMENTS, Role.ABSTRACT,
    ),
    _kind(
        "baselines",
        r"\bbaselines?\b|\bcompar(?:e|ed|es|ison)\b|\bcompetitors?\b|\bprevious (?:best|methods?|work)\b|"
        r"\bversus\b",
        r"\bbaselines?\b|\bcompar(?:e|ed|es|ing|ison|able)\b|\boutperform|\bprevious (?:best|methods?|"
        r"state)\b|\bstate[- ]of[- ]the[- ]art\b|\d.{0,60}\b(?:against|versus|vs\.?)\b",
        Role.EXPERIMENTS, Role.RESULTS, Role.ABSTRACT,
    ),
    _kind(
        "ablation",
        r"\bablat|\bwhich (?:part|component)s? (?:matter|help)|\bmost important (?:part|component)",
        r"\bablat|\b(?:without|removing|remove|replacing)\b.{0,80}\b(?:drop|decreas|degrad|worse|lower|"
        r"hurt|reduc|"
        r"improv|perform)|\beffect of\b",
        Role.ABLATION, Role.RESULTS, Role.EXPERIMENTS,
    ),
    _kind(
        "metrics",
        r"\bmetrics?\b|\bhow (?:is|was|were|do they|did they).{0,30}\b(?:evaluat|measur)|\bevaluation\b",
        r"\bmetrics?\b|\b(?:we|is|are|was|were) (?:measure|evaluate|report|assess)d?\b|\b(?:accuracy|F1|"
        r"BLEU|ROUGE|"
        r"recall|precision|AUC|mAP|IoU|perplexity|exact match|RMSE|PSNR|SSIM|FID)\b",
        Role.EXPERIMENTS, Role.RESULTS, Role.METHOD,
    ),
    _kind(
        "results",
        r"\bresults?\b|\bhow (?:well|good|much better|accurate)\b|\bperformance\b|\baccuracy\b|\bscores?\b|"
        r"\boutperform|\bimprove(?:s|d|ment)?\b|\bstate[- ]of[- ]the[- ]art\b|\bsota\b|\bfind(?:ings?)?\b|"
        r"\bbetter\b",
        r"\boutperform|\bachiev|\bimprove[sd]?\b|\bstate[- ]of[- ]the[- ]art\b|\bresults? (?:show|suggest|"
        r"indicate|"
        r"demonstrate)|\bwe (?:find|found|show|observe)|\b\d[\d.]* ?(?:%|points)|\bsignificant|\bsurpass",
        Role.ABSTRACT, Role.RESULTS, Role.CONCLUSION, Role.EXPERIMENTS,
    ),
    _kind(
        "motivation",
        r"^why\b|\bmotivat|\bwhat problem\b|\bwhich problem\b|\bproblem (?:do|does|is)|\bresearch gap\b",
        r"\bhowever\b|\bproblem\b|\bchalleng|\bmotivat|\black|\blimited\b|\bdifficult|\bbecause\b|"
        r"\bsince\b|\bdue to\b|"
        r"\bin order to\b|\bimportant\b|\bneed",
        Role.ABSTRACT, Role.INTRODUCTION, at_home=True,
    ),
    _kind(
        "method",
        r"\bhow (?:does|do|did|is|are|was|were) (?:it|they|this|the (?:method|model|approach|system|"
        r"algorithm|authors))"
        r"\b|\bhow (?:it|this) works?\b|\barchitecture\b|\bmethodology\b|"
        r"\b(?:what|which|describe|explain)\b.{0,30}\b(?:approach|method|pipeline)\b|"
        r"^(?:the )?(?:approach|method|pipeline)\W*$|\bhow .{0,30}"
        r"\b(?:work|train)(?:s|ed)?\b",
        r"\bwe (?:use|train|first|then|propose|employ|adopt|apply|introduce|combine|represent|compute|"
        r"define|collect)|"
        r"\bconsists? of\b|\barchitecture\b|\bis (?:trained|based on|composed)|\bour (?:method|approach|"
        r"model|system)\b",
        Role.METHOD, Role.OTHER, Role.ABSTRACT,
    ),
    _kind(
        "loss", r"\bloss(?: function)?\b|\bobjective(?: function)?\b|\boptimi[sz]ed?\b",
        r"\bloss(?:es)?\b|\bobjectives?\b|\blikelihood\b|\bminimi[sz]|\bmaximi[sz]|"
        r"\boptimi[sz]", Role.METHOD, Role.OTHER,
    ),
    _kind(
        "optimizer", r"\boptimi[sz]er\b",
        r"\boptimi[sz]er\b|\boptimi[sz]ed? (?:with|using|by)\b|\b(?:Adam[WX]?|SGD|RMSprop|Adagrad|"
        r"Adafactor|L-?BFGS|"
        r"Muon|Lion)\b|\bgradient descent\b",
        Role.EXPERIMENTS, Role.METHOD, Role.APPENDIX,
    ),
    _kind(
        "learning rate", r"\blearning rates?\b", r"\blearning rates?\b|\blr ?=",
        Role.EXPERIMENTS, Role.METHOD, Role.APPENDIX,
    ),
    _kind(
        "batch size", r"\bbatch(?:es)?[- ]sizes?\b",
        r"\bbatch(?:es)?[- ](?:sizes?|of)\b|\bbatch(?:es)? contain|\b(?:per|each|in a) (?:mini-?)?batch\b",
        Role.EXPERIMENTS, Role.METHOD, Role.APPENDIX,
    ),
    _kind(
        "epochs", r"\bepochs?\b|\btraining steps\b", r"\bepochs?\b|\d[\d,.]*k? (?:\w+ )?(?:steps|"
        r"iterations|updates)\b",
        Role.EXPERIMENTS, Role.METHOD, Role.APPENDIX,
    ),
    _kind(
        "settings",
        r"\bhyper-?parameters?\b|\btraining (?:details|settings?)\b",
        r"\bhyper-?parameters?\b|\blearning rate\b|\bbatch(?:es)? (?:size|of)\b|\boptimi[sz]er\b|"
        r"\bAdamW?\b|\bSGD\b|"
        r"\bepochs?\b|\bsteps\b|\bdropout\b",
        Role.EXPERIMENTS, Role.METHOD, Role.APPENDIX,
    ),
)  # fmt: skip
_ASKING = frozenset(
    stems(
        "paper papers author authors article study work research method approach model proposed propose use "
        "used using main kind type exactly explain tell show describe give question answer mean work works "
        "many much long fast big large good well better run train trained training evaluate evaluated test "
        "tested new thing things example detail details please available availability public publicly "
        "release released download online open link where matter else more also "
        "another again took part take takes taken involved included recruited happen happens build "
        "built make made create created develop developed set choose chose need needed"
    )
)


TELLING = 3.0
"""The rarity from which words that are shared say something."""
HALF = 0.5
"""The share of a question's own words that makes a place near though it names nothing of the kind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the stems it asks for with their weights, and the kinds of things."""

    text: str
    weights: dict[str, float]
    kinds: tuple[Kind, ...]
    counted: str = ""
    """The stem of what is to be counted ("how many districts")."""
    words: dict[str, float] = field(default_factory=dict)
    """All stems of the question that carry meaning, with those that name a kind."""
    amount: re.Pattern[str] | None = None
    """The amount that a question for a quantity is answered with."""
    pointed: re.Pattern[str] | None = None
    """The figure or table that is asked about."""

    def told(self, sentence: str, section: str) -> bool:
        """Whether a sentence tells a thing of the kind that is asked for; any does where none is."""
        if self.kinds and not any(kind.tells(sentence, section) for kind in self.kinds):
            return False
        if self.pointed and not self.pointed.search(sentence):
            return False
        if self.counted and not amounts.counts(sentence, self.counted):
            return False
        return amounts.told(sentence, self.amount)

    def nearness(self, there: frozenset[str] | set[str]) -> float:
        """The share of the weight of all its words that is there; 0 where none of those that name a kind is,
        nor half of the others.

        A word that most papers have does not make a place near by itself.
        """
        found = {stem: weight for stem, weight in self.words.items() if stem in there}
        naming = self.words.keys() - self.weights.keys()
        weight = sum(found.values())
        unnamed = naming and not naming & found.keys()
        if weight < TELLING or (unnamed and self.share(there) < HALF):
            return 0.0
        return weight / sum(self.words.values())

    def share(self, there: frozenset[str] | set[str]) -> float:
        """The share of the weight that is there; 1 for a question without words of its own."""
        total = sum(self.weights.values())
        return sum(w for stem, w in self.weights.items() if stem in there) / total if total else 1.0


def understood(question: str) -> Asked:
    """What a question asks for."""
    found = [kind for kind in _KINDS if kind.asks.search(question)]
    covered = {name for kind in found for name in _COVERS.get(kind.name, ())}
    kinds = tuple(kind for kind in found if kind.name not in covered)[:2]
    rest = question
    for kind in kinds:
        rest = kind.asks.sub(" ", rest)
    pointed = amounts.pointed(question)
    wanted = dict.fromkeys(stem for stem in content_stems(rest) if stem not in _ASKING and not pointed)
    words = dict.fromkeys(stem for stem in content_stems(question) if stem not in _ASKING)
    counted, weights = _counted(question, kinds), _weighed(wanted)
    return Asked(
        question,
        weights,
        kinds,
        counted,
        _weighed(words),
        amounts.sought(question),
        amounts.pointed(question),
    )


def _weighed(wanted: Iterable[str]) -> dict[str, float]:
    return {stem: rarity(stem) for stem in wanted}


_COVERS = {
    "memory": ("hardware",),
    "code": ("data",),
    "speed": ("hardware",),
    "loss": ("method",),
    "settings": ("loss", "method"),
    "optimizer": ("loss", "method"),
    "learning rate": ("settings", "method"),
    "batch size": ("settings", "parameters", "method"),
    "epochs": ("settings", "method"),
}
"""A question of the first kind is not one of the others, though it has their words."""
_COUNTED = frozenset({"parameters", "people", "hardware", "speed", "memory"})
"""Kinds that look for their numbers themselves."""
_COUNT = re.compile(
    r"\b(?:how many|number of|how much|what (?:percentage|fraction|"
    r"share) of)\s+(.+)",
    re.IGNORECASE,
)


def _counted(question: str, kinds: tuple[Kind, ...]) -> str:
    match = None if any(kind.name in _COUNTED for kind in kinds) else _COUNT.search(question)
    found = content_stems(match.group(1)) if match else []
    return found[0] if found else ""
