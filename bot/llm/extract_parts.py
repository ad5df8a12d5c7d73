"""Which sentences of a paper tell its task, its idea, its data, its results, its limits.

A sentence stands for a part when the words say so ("we train on", "outperforms", "we leave … to future
work") and it comes from a section where that part is told. Sentences that lean on what went before, are
cut off, or are mostly signs are not taken. A part about which nothing is found stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import Claim, Evidence, Part, Passage
from bot.evidence import CLAIM, QUOTE, clip, plausible, same
from bot.fulltext.sections import Role, role
from bot.llm.extract_sentences import CITATION, Sentence, bare, readable, released


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a part is recognised: at most ``most`` sentences that match ``says``, best first.

    ``better`` adds to the score; ``never`` rules out; ``home`` are the sections where it is mostly told; in
    a section headed by the part itself (``own``) a sentence that hedges will do.
    """

    part: Part
    most: int
    says: str
    home: frozenset[Role]
    better: str = ""
    never: str = ""
    own: Role | None = None


_HEDGES = re.compile(
    r"\b(?:may|might|could|not|only|limit\w*|although|while|however|despite|needed|necessary|"
    r"uncertain\w*|small|"
    r"lack\w*|few|cannot|fails?|difficult|expensive|unable|without)\b",
    re.IGNORECASE,
)
_OUR = r"\b(?:we|our|this (?:paper|work|study|article)|the proposed)\b"
_FRONT = frozenset({Role.ABSTRACT, Role.INTRODUCTION})
_END = frozenset({Role.LIMITATIONS, Role.DISCUSSION, Role.CONCLUSION, Role.FUTURE})
_TESTS = frozenset({Role.EXPERIMENTS, Role.RESULTS})
_RULES: tuple[_Rule, ...] = (
    _Rule(
        Part.CORE_IDEA, 2,
        r"\b(?:we|this (?:paper|work|study|article)|here,? we)\s+(?:\w+ly\s+)?(?:propose|introduce|present|"
        r"develop|describe|design|devise|formulate|release|construct|build|create|offer)s?\b|"
        r"\bour (?:key|main|core|central) (?:idea|insight|contribution)|\bwe (?:study|investigate|examine|"
        r"explore)\b|\bin this (?:paper|work|study|article),? we \w+|"
        r"\bwe (?:address|tackle|overcome|solve|resolve|close|fill|bridge)\b.{0,60}\b(?:with|by|through|"
        r"via)\b|"
        r"\bour (?:model|method|approach|framework|system|solution|pipeline|algorithm)\b.{0,80}?"
        r"\b(?:implements?|combines?|leverages?|integrates?|employs?|couples?|unifies)\b",
        _FRONT | {Role.CONCLUSION},
        r"\b(?:propose|introduce|novel|new|key idea|insight|called|named)\b",
        r"\b(?:section|§|appendix|ablation|limitation)|\bwe \w+ (?:that|how much)\b|"
        r"\bwe (?:show|find|found|observe|discuss|conclude|evaluate|test|report|compare|prove|refer|call|"
        r"denote)\b",
    ),
    _Rule(
        Part.TASK, 1,
        r"\b(?:task|problem|goal|aim|objective|challenge) (?:of|is|was|in|to)\b|\b(?:aims?|seeks?|"
        r"wants?) to\b|"
        r"\b(?:we|this (?:paper|work|study)) (?:address|tackle|focus|consider|study|investigate|examine|ask|"
        r"explore)e?s?\b|\bthis (?:paper|work|study|article) (?:addresses|is about|concerns)\b",
        _FRONT, r"\b(?:given|task of|problem of|goal)\b", r"\b(?:section|future)\b|^(?:if|as|when|since|"
        r"because)\b|"
        r"\b(?:design|community|broader) goal\b|\bour aim is to help\b",
    ),
    _Rule(
        Part.FUTURE_WORK, 3,
        r"\bfuture (?:work|research|studies|directions?|investigations?|efforts?)\b|\bin (?:the )?future\b|"
        r"\bwe (?:plan|intend|hope|aim) to\b.*\b(?:extend|explore|investigate|improve|include|study|build)|"
        r"\b(?:leave|left)\b.{0,80}\b(?:future|later)\b|\bremains? (?:an )?open\b|"
        r"\bfurther (?:research|work|studies|investigation)",
        _END, r"\bwe (?:plan|leave|hope|intend)\b",
        r"\b(?:feature|future) (?:events?|states?|frames?|tokens?|predictions?)\b",
    ),
    _Rule(
        Part.LIMITATIONS, 3,
        r"\b(?:limitations?|caveats?|shortcomings?|drawbacks?|threats? to validity|failure (?:cases|modes)|"
        r"(?:our|this) (?:\w+ ){1,2}(?:is|are|was|were) limited|does not (?:handle|support|cover|"
        r"generali[sz]e|"
        r"scale)|cannot (?:handle|capture|be generalized)|may not (?:generali[sz]e|hold|apply)|"
        r"we (?:did|could) not|we only (?:consider|evaluate|test|focus|cover|include|study)|"
        r"not (?:be )?representative|small sample)",
        frozenset({Role.LIMITATIONS, Role.DISCUSSION, Role.CONCLUSION}),
        r"\b(?:our|we|this (?:work|study|paper))\b",
        r"\b(?:prior|previous|existing|these|such|current|other) (?:work|method|approach|model|stud|system)|"
        r"\bto (?:address|overcome|alleviate) (?:this|these|the) limitation|\bsection\b|"
        r"^(?:in order )?to (?:investigate|address|study|mitigate|overcome|tackle|alleviate|resolve|"
        r"bypass|avoid)\b|"
        r"\b(?:confident|adequate|sufficient|we believe)\b",
        Role.LIMITATIONS,
    ),
    _Rule(
        Part.ABLATIONS, 2,
        r"\bablat(?:ion|e|ing)|\b(?:without|removing|remove|dropping|replacing|replace|omitting|disabling) "
        r"(?:the|our|this|any)\b.{0,90}\b(?:decreas|degrad|drop|worse|lower|hurt|reduc|improv|harm|declin|"
        r"outperform|better|increas|effect|rise)|"
        r"\b(?:effect|impact|contribution|influence|importance) of (?:each|the|different|varying|removing)\b"
        r".{0,80}\b(?:show|see|report|stud|find|found|observ)",
        frozenset({Role.ABLATION, Role.RESULTS}),
        r"\d", r"\bfuture\b",
    ),
    _Rule(
        Part.RESULTS, 4,
        r"\b(?:outperform|surpass|exceed|(?:new |the )state[- ]of[- ]the[- ]art|"
        r"state[- ]of[- ]the[- ]art (?:results?|performance|accuracy|scores?)|(?<!^)achiev(?:e|es|ed|"
        r"ing)|attain|"
        r"improve[sd]? (?:\w+ ){0,4}(?:by|over|from|upon)|results? (?:show|demonstrate|indicate|suggest|"
        r"reveal)|"
        r"experiments (?:show|demonstrate)|we (?:find|found|observe[d]?|show|demonstrate)\b|"
        r"(?:increas|decreas|reduc|degrad)\w*\b.{0,40}\bby\b|(?:loses|lost|gains|gained|drops|"
        r"dropped)\b.{0,20}\d|"
        r"(?:improv|increas|decreas|reduc|drop|degrad)\w* significantly|(?:experiments?|evaluations?|"
        r"study|analysis)\b"
        r".{0,80}\b(?:shows?|showed|shown|showing|demonstrat\w*|indicat\w*|suggests?|suggested|suggesting|"
        r"reveal\w*|"
        r"confirm\w*|found)\b|"
        r"significantly (?:\w+ly )?(?:better|higher|lower|more|less|fewer|greater|smaller|faster|"
        r"outperform|improv|"
        r"reduc|increas|decreas|associated|correlat|differ)|"
        r"\d.{0,60}\b(?:against|compared (?:to|with)|versus|vs\.?) .{0,20}\d|"
        r"\bhalves?\b|\bfrom \d[\d.]*%? to \d|(?:reach|obtain|yield)(?:es|ed|s)? an?\b)",
        frozenset({Role.ABSTRACT, Role.RESULTS, Role.CONCLUSION, Role.EXPERIMENTS}),
        r"\d+(?:\.\d+)?\s*(?:%|points?|x\b|×)|\b\d+\.\d+\b|\boutperform|\bour\b",
        r"\b(?:section|appendix|future|et al\.?,? \(?\d{4}\)? (?:show|find|propose|report)|whether|"
        r"representative of|"
        r"a (?:new )?trend|requires a|we (?:experiment|started|discarded))\b|"
        r"^[A-Z][\w-]+(?: and [A-Z][\w-]+| et al\.)? (?:found|report\w*|show\w*|propose\w*|"
        r"observe\w*)\b(?=.*\bet al|.*\[\d)|"
        r"^[A-Z][\w-]+ et al\.|^(?!.*\b(?:we|our|this)\b).*\b(?:have|has) (?:\w+ly |also |"
        r"recently )?(?:achieved|shown|"
        r"demonstrated|made|led|"
        r"attained|enabled|emerged|improved|become|increased|been)\b|"
        r"^we (?:further |also )?(?:evaluate|test|train|conduct|inject|apply|use|collect)\b"
        r"(?!.*\b(?:show|find|found|demonstrat|outperform|achiev|reveal|improv|surpass|exceed|observ)\w*)",
    ),
    _Rule(
        Part.DATASETS, 3,
        r"^(?=.*\b(?:data ?sets?|benchmarks?|corpus|corpora|(?:test|validation|training) (?:sets?|data)|"
        r"participants|patients|cohort|recordings|\d[\d,]* (?:\w+ )?samples)\b)(?=.*(?:\b(?:we|were|was|is|"
        r"are) (?:\w+ ){0,3}?(?:use|"
        r"train|evaluate|test|collect|annotat|record|recruit|construct|creat|build|built|gather|select|sampl|"
        r"experiment|conduct|pre-?train|fine-?tun|appl)\w*|\b(?:consist|contain|compris|includ)\w*|"
        r"\b(?:train|evaluat|test|experiment|conduct|validat)\w* on\b|\bperformed on\b|"
        r"\bcompared\b.{0,90} on the\b|"
        r"\b\d[\d,.]*(?:k|M)? (?:\w+[ -]){0,3}?(?:papers|images|videos|samples|sentences|documents|"
        r"examples|pairs|"
        r"questions|hours|participants|patients|subjects|recordings|districts|tasks|benchmarks|"
        r"data ?sets)\b))",
        frozenset({Role.DATA, Role.EXPERIMENTS, Role.RESULTS, Role.ABSTRACT, Role.METHOD}),
        r"\b(?:we|were) (?:use|used|train|trained|evaluate[d]?|test|tested|conduct|collect|experiment|report|"
        r"compare|recruit)|\b(?:consists? of|contains?|comprises?|trained on|evaluated on)\b|"
        r"\b[A-Z]{2,}\w*\b.*\d",
        r"\b(?:future|related|previous(?:ly)?|prior|section|many|existing|lack|GPUs?|GPU hours|learning rate|"
        r"batch size|crowdsourcing provides|emphasi[sz]ed|continued|self-reported|discarded|describe|"
        r"coverage|similarity|"
        r"hypothes\w+|suggests?|due to|papers (?:conduct|use|report))\b|\bonly a (?:fraction|few)|"
        r"et al\.|\((?:19|20)\d\d[a-z]?\)",
    ),
    _Rule(
        Part.BASELINES, 2,
        r"\bbaselines\b|\bwe\b.{0,60}\bcompare\b|\bas (?:a |our )?baselines?\b|"
        r"\bbaseline (?:models?|methods?|systems?|approach)|"
        r"\bcompar(?:e|ed|ing|ison)s?\b.{0,60}\b(?:with|to|against|between)\b.{0,60}"
        r"\b(?:methods?|models?|approach|systems?|algorithms?|baselines?)|\bcompetitors?\b",
        _TESTS, r"\b(?:baselines?|we compare|compared (?:with|to|against))\b",
        r"\b(?:baseline (?:characteristics|prevalence|survey|data|period|levels?)|future|related work|"
        r"participants?|"
        r"asked)\b|\bcompar\w+ (?:to|with) .{0,60}, (?:this|our|the)\b|\b(?:results|performance) (?:\w+ )?"
        r"(?:in the|compared|comparable)|\bachiev\w+ (?:comparable|similar|better)\b",
    ),
    _Rule(
        Part.RESOURCES, 3,
        r"\b(?:\d+ ?(?:x|×)? ?(?:NVIDIA|GPUs?|TPUs?|CPUs?)|NVIDIA|A100|V100|H100|RTX|P100|T4 GPU|"
        r"GPU[- ](?:hours?|days?)|FLOPs?|\d+ ?(?:hours|days|minutes) (?:of training|on|to train)|"
        r"\d+(?:\.\d+)? ?(?:GB|TB|MB) of (?:memory|RAM)|(?:code|source code|dataset|models?|weights|data)\b"
        r".{0,60}\b(?:(?:is|are|be|been|made) (?:\w+ ){0,2}?(?:available|released|open)|"
        r"available (?:at|on|from|via|under|here)|released?|open[- ]sourced?|github|huggingface))",
        frozenset({Role.EXPERIMENTS, Role.METHOD, Role.ABSTRACT, Role.APPENDIX, Role.INTRODUCTION}),
        r"\b(?:train(?:ed|ing)?|github|https?:|hours|days|GPUs?)\b",
        r"\b(?:future|upon request|previous stud\w+|not (?:\w+ )?available|in the event)\b",
    ),
    _Rule(
        Part.PIPELINE, 3,
        r"\b(?:first(?:ly)?,? we|[A-Z]\w+ first \w+s\b|we (?:first|then|next|finally)|"
        r"consists? of (?:two|three|four|five|"
        r"several|the "
        r"following|a)|(?:two|three|four|five)[- ](?:stage|step|phase)|pipeline|overview of|our (?:method|"
        r"approach|"
        r"framework|system|algorithm) (?:first|then|consists|uses?|takes?|works|is based)|"
        r"framework (?:consists|comprises)|process(?:es)? (?:is|are) divided)",
        frozenset({Role.METHOD, Role.OTHER, Role.INTRODUCTION}),
        r"\b(?:consists? of|we first|pipeline|stages?|steps?)\b",
        r"\b(?:related|future|rest of (?:the|this) paper|this paper is organi[sz]ed|section \d|participants?|"
        r"crucial|as a result|questions covering|users must|prior experience|she needs|he needs)|"
        r"\bwe (?:first|then|next|finally) (?:describe|discuss|introduce|review|present|outline|attempt|"
        r"explain|define|"
        r"summari|give|show|evaluate|report|compare|analy|conclude|provide)|\bbefore \w+ing\b|\b(?:must|"
        r"should|keep in mind|note that)\b|^(?:however|"
        r"but)\b|"
        r"\b(?:corpus|corpora|data ?sets?|data|benchmark)\b.{0,60}\bconsists?\b|\billustrates?\b",
    ),
    _Rule(
        Part.ARCHITECTURE, 3,
        r"\b(?:encoder|decoder|transformer|attention|convolution\w*|recurrent|LSTM|CNN|MLP|layers?|backbone|"
        r"embedding|architecture|network)\b.{0,120}\b(?:we use|use[sd]?|consists?|compos|employ|adopt|has|"
        r"have|with)\b|"
        r"\b(?:we use|we employ|we adopt|we train|is trained|are trained|trained (?:with|using|by))\b|"
        r"\b(?:loss|objective)(?: function)? (?:is|we|that|of|for)\b|"
        r"\b(?:we|to|by|is|are) (?:\w+ly )?(?:minimi|optimi|maximi)[sz](?:e|ed|ing)\b.{0,80}\b(?:loss|"
        r"objective|"
        r"likelihood|reward|entropy|parameters|weights|network|model|policy|error)\b|"
        r"\b(?:Adam|AdamW|SGD|learning rate|batch size|fine-?tun(?:e|ed|ing))\b",
        frozenset({Role.METHOD, Role.OTHER, Role.EXPERIMENTS}),
        r"\b(?:layers?|loss|objective|encoder|decoder|learning rate|optimizer|dimension)\b",
        r"\b(?:related|future|previous|prior|discard|snippets?|participants?|obtain the full|API)\b|et al\.",
    ),
    _Rule(
        Part.GAPS, 2,
        r"\b(?:however|but|yet|despite|although|unfortunately|nevertheless|while)\b.{0,160}\b(?:not|lack|"
        r"limited|"
        r"fail|difficult|challeng|expensive|costly|remains?\b|unclear|unknown|few|little|only|require|suffer|"
        r"hard|"
        r"scarce|insufficient|ignore|neglect|overlook|poor)|"
        r"\b(?:existing|current|previous|prior) (?:methods?|approaches|work|models?|studies|systems?|"
        r"datasets?)\b"
        r".{0,120}\b(?:not|lack|limited|fail|suffer|rely|require|only|ignore|focus)|"
        r"\b(?:little|less) (?:is known|attention|work)\b|\bremains? (?:a |an )?(?:challeng|open|unclear|"
        r"difficult)",
        _FRONT, r"\b(?:however|existing|current|lack|fail)\b",
        r"\bour\b|\bwe\b(?! (?:still |do not |currently |yet )*(?:lack|know|need|understand))|"
        r"\b(?:this|these) (?:aspects?|issues?|problems?|gaps?|limitations?|challenges?|questions?)\W*$|"
        r"^(?:for (?:example|instance)|specifically|in particular|note that)\b|"
        r"\b(?:helps?|(?:our|the proposed) (?:system|framework|work) \w+s)\b",
    ),
    _Rule(
        Part.MOTIVATION, 2,
        r"\b(?:important|crucial|essential|critical|fundamental|central|key (?:to|for|role|component)|"
        r"growing (?:interest|number|body|demand|need|importance|attention|concern|use)|widely|popular|"
        r"significant (?:attention|interest|progress|role)|"
        r"rapid(?:ly)?|"
        r"plays? an?|motivat\w+|has become|have become|burden|major|"
        r"leading cause)\b",
        _FRONT, r"\b(?:important|crucial|essential|critical|motivated|growing|increasing)",
        r"\b(?:we|our|this (?:paper|work|study|article))\b(?!.*\bmotivat)|^(?:for (?:example|instance|"
        r"a given)|"
        r"specifically|in particular|note that|furthermore|finally|notably)\b|"
        r"however|organi[sz]ed as|\bsection \d|\bwill be published\b|^By\b",
    ),
    _Rule(
        Part.STRENGTHS, 2,
        r"\b(?:our|proposed|the) (?:\w+ ){0,2}?(?:method|approach|model|framework|system|algorithm|"
        r"results?)\b.{0,60}?"
        r"(?:\b(?:is|are|remains?|proves?) (?:\w+ ){0,2}?(?:robust|efficient|scalable|simple|fast(?:er)?|"
        r"effective|flexible|"
        r"lightweight|interpretable|accurate)|\bgenerali[sz]es?\b|\bscales\b|\brobust(?:ly)?\b)|"
        r"\b(?:strengths?|advantages?|benefits?) of (?:our|the|this)\b|\bour \w+(?: \w+)? (?:offers?|"
        r"enables?)\b",
        _END | {Role.ABSTRACT, Role.RESULTS},
        r"\b(?:advantage|strength|robust|generaliz)", r"\bfuture\b|\bnot\b",
    ),
    _Rule(
        Part.WEAKNESSES, 2,
        r"\b(?:our|proposed|the) (?:\w+ )?(?:method|approach|model|framework|system|"
        r"algorithm)s?\b.{0,60}?\b(?:struggles?|"
        r"fails?|underperform|worse|slower|weak(?:er|ness)?|sensitive to|degrad|prone to|expensive|"
        r"costly)\b|\b(?:weakness(?:es)?|disadvantages?) of (?:our|the|this)\b",
        _END | _TESTS, r"\b(?:struggles?|fails?|weakness)", r"\b(?:baseline|prior|previous|existing)\b",
    ),
)  # fmt: skip
_SHOWN = tuple(Part)
_NO_RESULT = frozenset(
    {Part.TASK, Part.MOTIVATION, Part.GAPS, Part.PIPELINE, Part.ARCHITECTURE, Part.DATASETS, Part.RESOURCES}
)
_REPORTS = re.compile(
    r"\b(?:outperform|surpass)\w*|\b(?:results?|experiments?|evaluations?|study|analysis)\b.{0,80}"
    r"\b(?:show|demonstrate|indicate|suggest|reveal|confirm|found)[sd]?\b|"
    r"\b(?:los[es]|loses|gains?|drops?|degrades?|improv\w+|increas\w+|decreas\w+|reduc\w+|rises?|falls?|"
    r"achiev\w+|"
    r"reach\w*|attain\w*|exceeds?)\b[^.]{0,50}?\b\d+(?:\.\d+)? ?(?:%|\\%|points?|dB|pp|x\b|×|times|BLEU|"
    r"mAP|F1)|"
    r"\bscores? of \d|\bwe (?:find|found|observe[d]?)\b|\bdeliver\w* competitive|"
    r"\bsuperior (?:performance|results)",
    re.IGNORECASE,
)
"""A sentence that reports what came out stands under the results, whatever else it names."""
_BEFORE = frozenset({Part.MOTIVATION, Part.GAPS})
_AFTER = frozenset({Part.RESULTS, Part.LIMITATIONS, Part.FUTURE_WORK, Part.STRENGTHS, Part.WEAKNESSES})
"""An abstract tells why and what was missing before it comes to the authors' own work, the rest after."""
ENOUGH = 1.9
"""The score from which a sentence tells a part: the words at home, or clear words elsewhere."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: _Rule
    says: re.Pattern[str]
    better: re.Pattern[str]
    never: re.Pattern[str]


def _compiled(rule: _Rule) -> _Compiled:
    never = rule.never or r"(?!)"
    better = rule.better or r"(?!)"
    flags = re.IGNORECASE
    return _Compiled(rule, re.compile(rule.says, flags), re.compile(better, flags), re.compile(never, flags))


_COMPILED = tuple(map(_compiled, _RULES))


_POINTS = re.compile(
    r"\b(?:fig(?:ure)?s?|tables?|eqs?|equations?|appendix|section|sec)\b\.?\s*\(?[A-Z]?\d|§", re.I
)


def claims(passages: Sequence[Passage]) -> tuple[Claim, ...]:
    """Claims for the parts that the paper tells, in the order of `Part`; each sentence stands once."""
    found = list(readable(passages))
    taken: list[str] = []
    chosen: list[Claim] = []
    for compiled in _COMPILED:
        for sentence in _best(compiled, found, taken):
            taken.append(sentence.text)
            chosen.append(_claim(compiled.rule.part, sentence))
    if not any(claim.part is Part.RESOURCES for claim in chosen):
        chosen += [_claim(Part.RESOURCES, sentence) for sentence in released(passages)][:1]
    return tuple(sorted(chosen, key=lambda claim: _SHOWN.index(claim.part)))


def _best(compiled: _Compiled, found: Iterable[Sentence], taken: Sequence[str]) -> list[Sentence]:
    scored = [(score, s) for s in found if (score := _score(compiled, s)) > ENOUGH]
    scored.sort(key=lambda pair: (-pair[0], pair[1].depth, pair[1].place))
    best: list[Sentence] = []
    for _, sentence in scored:
        others = [*taken, *(other.text for other in best)]
        if len(best) < compiled.rule.most and not any(same(sentence.text, other) for other in others):
            best.append(sentence)
    return sorted(best, key=lambda sentence: (sentence.depth, sentence.place))


def _score(compiled: _Compiled, sentence: Sentence) -> float:
    """Above 0 where the sentence tells the part; at home, early and short is better."""
    rule, text, section = compiled.rule, sentence.text, sentence.passage.section
    kind = role(section) if section else Role.OTHER
    says = compiled.says.search(text) or (kind is rule.own and _HEDGES.search(text))
    if not says or compiled.never.search(text) or not plausible(rule.part, section):
        return 0.0
    if rule.part in _NO_RESULT and _REPORTS.search(text):
        return 0.0
    if sentence.own is (rule.part in _BEFORE) and rule.part in _BEFORE | _AFTER:
        return 0.0
    if sentence.passage.kind == "abstract":
        kind = Role.ABSTRACT
    home = kind in rule.home
    if not home and (kind in (Role.RELATED, Role.APPENDIX) or rule.home <= _FRONT | {Role.CONCLUSION}):
        return 0.0
    score = 1.0 + 1.2 * home + 0.8 * min(2, len(compiled.better.findall(text)))
    score += 0.5 * bool(re.search(_OUR, text, re.IGNORECASE)) - 0.4 * bool(_POINTS.search(text))
    score -= 0.3 * len(CITATION.findall(text)) + max(0, len(text) - 220) / 200
    return score + 0.3 / (1 + sentence.place) - 0.2 * sentence.depth * (kind is not Role.CONCLUSION)


def _claim(part: Part, sentence: Sentence) -> Claim:
    quote = clip(sentence.text, QUOTE)
    text = clip(bare(sentence.text if len(quote) == len(sentence.text) else quote), CLAIM)
    passage = sentence.passage
    return Claim(part, text, Evidence(passage.paper_id, quote, passage.section, passage.page))
