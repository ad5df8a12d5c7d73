"""The embedded reader on a paper of our own: what it says, what it leaves out, what it refuses."""

import subprocess
import sys
import time
from dataclasses import replace

import pytest

from bot.domain import (
    Answer,
    Claim,
    Evidence,
    Outcome,
    Paper,
    PaperId,
    Part,
    Passage,
    Question,
    Summary,
    Turn,
)
from bot.evidence import Lock, present
from bot.llm.embedded import EmbeddedAnswerer, EmbeddedSummarizer
from bot.llm.extract_answer import ENGLISH_ONLY, retrieve
from bot.llm.extract_parts import claims
from bot.llm.extract_sentences import bare, stands_alone
from tests.fakes.papers import ID, PAPER, abstract_only, full_text, passage

TEXT = full_text()


async def summary() -> Summary:
    return await EmbeddedSummarizer().summarize(PAPER, TEXT)


async def ask(text: str, *, turns: tuple[Turn, ...] = (), more: tuple[Passage, ...] = ()) -> Answer:
    found = retrieve(text, full_text(*more).passages, limit=8)
    return await EmbeddedAnswerer().answer(Question(text, (PAPER,), tuple(found), turns))


def said(answer: Answer) -> str:
    return " ".join(evidence.quote for evidence in answer.evidence)


def of_part(made: Summary, part: Part) -> str:
    return " ".join(claim.text for claim in made.claims if claim.part == part)


@pytest.mark.parametrize(
    "linked",
    [
        "Code: https://github.com/a/b.",
        "Project page: https://a.org/b/",
        "Our data are at https://x.org.",
        "Code is available at this https URL.",
        "We make our code, data, and models publicly available.",
        "We release the model weights under the Apache 2.0 license.",
        "The scripts are at github.com/meadow/bees for all.",
        "We will release the code soon.",
    ],
)
async def test_a_link_in_the_abstract_is_a_resource(linked: str) -> None:
    bees = replace(
        PAPER, abstract=f"Bees are counted by hand. We present HiveNet, which counts them. {linked}"
    )
    made = await EmbeddedSummarizer().summarize(bees, abstract_only(bees))
    assert of_part(made, Part.RESOURCES) == linked


async def test_the_parts_are_told_by_the_papers_own_sentences() -> None:
    made = await summary()
    assert made.gist.startswith("We present HiveNet, a small network that separates bees from wind")
    assert "HiveNet reaches an error of 4.8 bees per minute against 9.6 for BuzzCount" in of_part(
        made, Part.RESULTS
    )
    assert "rises to 8.9 bees per minute" in of_part(made, Part.ABLATIONS)
    assert "cannot tell species apart" in of_part(made, Part.LIMITATIONS)
    assert "In future work we want to tell species apart." in of_part(made, Part.FUTURE_WORK)
    assert "compare with BuzzCount" in of_part(made, Part.BASELINES)


async def test_parts_that_are_not_told_are_left_out() -> None:
    short = full_text().passages[:1]
    told = {claim.part for claim in claims(short)}
    assert told <= {Part.CORE_IDEA, Part.GAPS, Part.TASK, Part.RESULTS, Part.MOTIVATION}
    assert claims([]) == ()


async def test_every_claim_is_found_in_the_text_and_none_is_a_blank() -> None:
    made = await summary()
    lock = Lock(TEXT.passages)
    assert len(made.claims) >= 6
    assert all(lock.find(claim.evidence.quote) == claim.evidence for claim in made.claims)
    assert all(present(claim.text) for claim in made.claims)
    texts = [claim.text for claim in made.claims]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("sentence", "section", "part"),
    [
        (
            "The pruned network with four layers loses 0.61 dB against the whole one.",
            "5 Results",
            Part.RESULTS,
        ),
        (
            "Our experiments on three datasets demonstrate that bees are counted well.",
            "Abstract",
            Part.RESULTS,
        ),
        ("We trained on a corpus of 1,204 hours of recordings.", "4 Experiments", Part.DATASETS),
        (
            "The counter is trained with the Adam optimizer and a learning rate of 0.1.",
            "3 Method",
            Part.ARCHITECTURE,
        ),
        ("We use a decoder with four layers for the wings of wild bees.", "3 Method", Part.ARCHITECTURE),
        (
            "The code and the recordings are publicly available at github.com/meadow.",
            "Abstract",
            Part.RESOURCES,
        ),
    ],
)
def test_a_sentence_stands_under_its_part(sentence: str, section: str, part: Part) -> None:
    assert [claim.part for claim in claims([passage(sentence, section)])] == [part]


@pytest.mark.parametrize(
    ("sentence", "section", "never"),
    [
        ("The total of GPU hours for training all models was 300 hours.", "4 Experiments", Part.DATASETS),
        ("Hives are designed with a minimized set of rules in the language.", "3 Method", Part.ARCHITECTURE),
        (
            "Achieving the end of hunger requires a minimum of five rounds each year.",
            "Abstract",
            Part.RESULTS,
        ),
        ("Our data strongly support the leading model of bees in wild meadows.", "Abstract", Part.MOTIVATION),
        (
            "Since vector data are not always available, previous studies used proxies.",
            "3 Method",
            Part.RESOURCES,
        ),
        ("Counters for bees have achieved great success in the last few years.", "Abstract", Part.RESULTS),
        (
            "Motivating our use of recurrent layers we consider three desiderata here.",
            "4 Why Recurrence",
            Part.TASK,
        ),
        (
            "To study this limitation, we present a new corpus of bees in the wild.",
            "Abstract",
            Part.LIMITATIONS,
        ),
        (
            "Our corpus consists of a more balanced distribution of bees than others.",
            "3 Method",
            Part.PIPELINE,
        ),
        (
            "We first describe a day of a beekeeper to ground the design of the counter.",
            "3 Method",
            Part.PIPELINE,
        ),
        (
            "We asked people to compare pairs of models with each other for an hour.",
            "4 Experiments",
            Part.BASELINES,
        ),
        ("Meadow et al. found that bees are significantly more common there.", "5 Results", Part.RESULTS),
        (
            "Our model, Meadow via Interpretable Representations, embeds bees in a space.",
            "Abstract",
            Part.STRENGTHS,
        ),
    ],
)
def test_a_sentence_does_not_stand_under_a_part_whose_words_it_only_has(
    sentence: str, section: str, never: Part
) -> None:
    assert never not in {claim.part for claim in claims([passage(sentence, section)])}


@pytest.mark.parametrize(
    "sentence",
    [
        "We compare it with publicly available guard models.",
        "It surpasses open-source models of a larger size.",
        "Time passes before dust is released into the air.",
        "We use the publicly available code SWIM for this.",
    ],
)
async def test_what_others_released_is_no_resource_of_the_paper(sentence: str) -> None:
    bees = replace(PAPER, abstract=f"We present HiveNet, which counts bees. {sentence}")
    made = await EmbeddedSummarizer().summarize(bees, abstract_only(bees))
    assert of_part(made, Part.RESOURCES) == ""


async def test_an_abstract_tells_why_before_its_own_work_and_what_came_of_it_after() -> None:
    told = (
        "Counting bees is important for every beekeeper in the world. "
        "Cameras have improved by 40% over the last ten years of work. "
        "However, existing counters fail at night and in heavy rain. "
        "We present HiveNet, which listens to the wings of the bees. "
        "While wind is harmless, the counters of the others remain far behind ours. "
        "HiveNet improves the count by 12% over the best camera so far. "
        "The microphone is crucial and enables a count at night as well."
    )
    bees = replace(PAPER, abstract=told)
    made = await EmbeddedSummarizer().summarize(bees, abstract_only(bees))
    assert of_part(made, Part.MOTIVATION) == "Counting bees is important for every beekeeper in the world."
    assert of_part(made, Part.GAPS) == "However, existing counters fail at night and in heavy rain."
    assert of_part(made, Part.RESULTS) == "HiveNet improves the count by 12% over the best camera so far."


def test_a_claim_that_was_cut_off_says_so() -> None:
    long = (
        "We propose a filter for the wings of bees that needs no labels, no camera and no light at all, that "
        "runs for a whole year on one small battery in any weather, and that anybody can build in an hour "
        "(see the plans, which are drawn for people who have never held a soldering iron in their lives)."
    )
    (made,) = claims([passage(long, "1 Introduction")])
    assert made.text.endswith("…")
    assert made.text.rstrip("…") in long


def test_citations_are_left_out_of_claims_but_not_of_quotes() -> None:
    quote = (
        "We propose a filter for bees (Meadow et al., 2020; Field, 2021) that needs no labels at all [3, 7]."
    )
    made = claims([passage(quote, "1 Introduction")])
    assert [(claim.text, claim.evidence.quote) for claim in made] == [
        ("We propose a filter for bees that needs no labels at all.", quote)
    ]
    assert bare("As shown by (Meadow, 2020).") == "As shown by (Meadow, 2020)."
    assert bare("It is used (attentionModel, ; DBLP:a/b15, ) often.") == "It is used often."


@pytest.mark.parametrize(
    "sentence",
    [
        "It outperforms all of the earlier methods by a large margin.",
        "However, this leads to a much worse result on all of the data.",
        "and the rest of a sentence that was cut off at a page break.",
        "Too short.",
        "x i = y i + z j k l m n o p q and so on until the end.",
        "Does it also help when the meadow lies in the wind of the sea?",
        "In the former task our model is better than all of the others.",
        "The first is a filter for wings, and the second is a counter of bees.",
        "Figure 1 illustrates how the counter is put together by a beekeeper.",
        "For details, we refer the reader to the code of the earlier counter.",
    ],
)
def test_sentences_that_lean_on_others_are_not_taken(sentence: str) -> None:
    assert not stands_alone(sentence)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Which optimizer do they use?", "We train with the Adam optimizer for 40 epochs"),
        ("What are the limitations?", "HiveNet cannot tell species apart, and heavy rain defeats it."),
        ("what dataset did they use?", "1,204 hours"),
        ("How does it compare to BuzzCount?", "4.8 bees per minute against 9.6 for BuzzCount"),
        ("How many meadows were recorded?", "We record 1,204 hours in 17 meadows"),
        ("What is the loss?", "the sum of a reconstruction term and a counting term"),
        ("What happens without the separation stage?", "the error rises to 8.9 bees per minute"),
        ("What is this paper about?", "We present HiveNet"),
        ("What is future work?", "In future work we want to tell species apart."),
        ("How long does the battery last?", "battery for 31 days"),
    ],
)
async def test_what_the_paper_says_is_quoted_with_its_place(question: str, words: str) -> None:
    found = await ask(question)
    assert found.outcome in (Outcome.ANSWERED, Outcome.UNSURE)
    assert words in said(found)
    assert 1 <= len(found.evidence) <= 3
    assert all(evidence.section and evidence.page for evidence in found.evidence)
    assert found.text == ""


@pytest.mark.parametrize(
    "question",
    [
        "Does it run in real time?",
        "How many parameters does the network have?",
        "Is the code available?",
        "Does it work for protein folding?",
        "Which Kubernetes version hosts the inference cluster?",
        "Did they use reinforcement learning with human feedback?",
    ],
)
async def test_what_the_paper_does_not_say_is_refused(question: str) -> None:
    found = await ask(question)
    assert found.outcome in (Outcome.NOT_IN_PAPER, Outcome.OFF_TOPIC)
    assert found.evidence == found.nearest == ()
    assert found.text == ""


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Does the method work for honey production in tropical rain forests?", "honey bees inside hives"),
        ("Is the recurrent layer bidirectional, gated or residual?", "a recurrent layer of 32 units"),
        ("Does the masking network hallucinate speech or music?", "with a masking network"),
    ],
)
async def test_what_is_said_in_other_words_is_pointed_at_and_not_called_an_answer(
    question: str, words: str
) -> None:
    found = await ask(question)
    assert (found.outcome, found.text, found.evidence) == (Outcome.NEAR, "", ())
    assert 1 <= len(found.nearest) <= 2
    assert any(words in evidence.quote for evidence in found.nearest)
    assert all(evidence.section and evidence.page for evidence in found.nearest)


async def test_halved_memory_is_what_memory_was_saved() -> None:
    saves = passage("Quantized wings halve the memory of the counter at no loss.", "4 Experiments", 3)
    found = await ask("How much memory does it save?", more=(saves,))
    assert saves.text in said(found)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("How much memory does it save?", "Quantized wings reduce the use of memory by 8x at no loss."),
        ("What is the batch size?", "Each training batch contains 64 clips of one minute."),
        ("What is the learning rate?", "We train the counter for one day with a learning rate of 1e-5."),
        ("What is the mask threshold set to?", "The mask is cut at a threshold of 0.4 in all tests."),
        ("How long did training take?", "We trained HiveNet for a total of 12 hours."),
        ("How much faster is it than BuzzCount?", "HiveNet yields a 2x speed up over BuzzCount."),
        ("Which GPU was used?", "We trained on one machine with 8 NVIDIA P100 GPUs."),
    ],
)
async def test_a_setting_is_told_by_the_sentence_that_names_it(question: str, says: str) -> None:
    found = await ask(question, more=(passage(says, "4 Experiments", 3),))
    assert found.outcome == Outcome.ANSWERED
    assert says in said(found)
    assert "1,204 hours" not in said(found)


@pytest.mark.parametrize(
    "question",
    [
        "What is the learning rate?",
        "What is the batch size?",
        "Was it evaluated on Chinese data?",
        "What is the sample size in Kenya?",
        "What are the risk factors for swarm failure?",
        "How large is the sliding window?",
    ],
)
async def test_another_thing_of_the_same_kind_is_no_answer(question: str) -> None:
    found = await ask(question)
    assert found.outcome in (Outcome.NOT_IN_PAPER, Outcome.NEAR, Outcome.OFF_TOPIC)
    assert found.evidence == ()


async def test_a_comparison_with_what_the_paper_names_elsewhere_shows_that_place() -> None:
    named = passage("Earlier counters, such as ApiScan, need a camera at the hive.", "2 Related Work", 2)
    found = await ask("How does it compare with ApiScan?", more=(named,))
    assert (found.outcome, found.nearest[0].quote) == (Outcome.NEAR, named.text)


async def test_orders_in_a_printed_prompt_are_no_limitations() -> None:
    prompt = passage("Do not add any site limitations to your query.", "E Prompt Templates", 9)
    assert prompt.text not in said(await ask("What are the limitations?", more=(prompt,)))


async def test_a_figure_is_asked_about_by_its_number() -> None:
    caption = replace(
        passage("Figure 2: Errors of the counter by month, in bees.", "4 Experiments", 3), kind="caption"
    )
    other = passage("In Figure 12 we show the meadows and in Figure 3 the bees.", "4 Experiments", 3)
    body = passage("The error is lowest in May, as shown in Fig. 2 for all years.", "4 Experiments", 3)
    found = await ask("What does figure 2 show?", more=(other, caption, body))
    assert found.outcome == Outcome.ANSWERED
    assert [evidence.quote for evidence in found.evidence] == [caption.text]
    assert body.text in said(await ask("What is in Fig. 2?", more=(other, body)))
    assert (await ask("What does figure 7 show?", more=(other, caption))).evidence == ()


async def test_agreement_of_annotators_is_not_their_number() -> None:
    agree = passage("The inter-annotator agreement was a kappa of 0.71.", "4 Experiments", 3)
    hired = passage("We hired three annotators who count bees by eye in a meadow.", "4 Experiments", 3)
    found = await ask("What is the inter-annotator agreement?", more=(hired, agree))
    assert [evidence.quote for evidence in found.evidence] == [agree.text]


async def test_words_of_the_title_need_not_stand_in_the_answer() -> None:
    found = await ask("Which optimizer does the HiveNet paper use?")
    assert found.outcome == Outcome.ANSWERED
    assert "Adam optimizer" in said(found)


@pytest.mark.parametrize("question", ["What is the weather in Paris?", "Who won the football world cup?"])
async def test_what_has_nothing_to_do_with_the_paper_is_off_topic(question: str) -> None:
    assert (await ask(question)).outcome == Outcome.OFF_TOPIC


@pytest.mark.parametrize(
    "question",
    [
        "Could heavy snow or hail be handled likewise?",
        "Might tropical jungles differ from European meadows?",
        "Would a cheaper microphone suffice for amateurs?",
    ],
)
async def test_a_question_with_one_rare_word_of_the_paper_is_on_its_topic(question: str) -> None:
    assert (await ask(question)).outcome != Outcome.OFF_TOPIC


async def test_of_a_short_question_no_word_may_be_missing_from_an_answer() -> None:
    more = passage("People followed the planner in 40 of 60 trials.", "4 Experiments", 3)
    found = await ask("Do people trust the planner more?", more=(more,))
    assert (found.outcome, said(found)) == (Outcome.UNSURE, more.text)


@pytest.mark.parametrize(
    ("question", "vague"),
    [
        ("How large is the corpus of recordings?", "Our corpus of recordings is the largest of its kind."),
        ("What accuracy does the counter reach?", "The counter reaches a high accuracy in all 17 meadows."),
        ("How long does calibration take?", "Calibration takes long and needs two people."),
    ],
)
async def test_no_sentence_without_the_amount_answers_a_question_for_it(question: str, vague: str) -> None:
    found = await ask(question, more=(passage(vague, "4 Experiments", 3),))
    assert vague not in said(found)
    assert found.outcome != Outcome.ANSWERED or "1,204 hours" in said(found)


async def test_authors_come_from_the_record() -> None:
    found = await ask("Who wrote this?")
    assert (found.outcome, found.text) == (Outcome.ANSWERED, "Ada Meadow, Bo Field.")
    crowd = replace(PAPER, authors=tuple(f"Author {number}" for number in range(3_303)))
    many = await EmbeddedAnswerer().answer(Question("Who are the authors?", (crowd,), ()))
    assert many.text.endswith("Author 9 and 3,293 more.")


async def test_a_question_of_one_unknown_word_is_about_the_paper() -> None:
    assert (await ask("what license?")).outcome == Outcome.NOT_IN_PAPER


async def test_a_question_about_several_papers_quotes_each_that_answers() -> None:
    papers = [Paper(PaperId(f"arxiv:2509.0000{number}"), f"Paper {number}") for number in range(4)]
    says = [
        "We train a diffusion model to paint meadows.",
        "We count bees with a recurrent network that hears wings.",
        "A diffusion model turns noise into bird song in our work.",
        "Our diffusion model needs only four steps for each picture.",
    ]
    passages = tuple(
        Passage(paper.id, 0, text, "Abstract", kind="abstract")
        for paper, text in zip(papers, says, strict=True)
    )
    found = await EmbeddedAnswerer().answer(
        Question("Which of these use diffusion?", tuple(papers), passages)
    )
    assert [evidence.paper_id for evidence in found.evidence] == [papers[n].id for n in (0, 2, 3)]


@pytest.mark.parametrize(
    "question",
    [
        "这篇论文用了什么数据集?",
        "Welche Datensätze wurden benutzt?",
        "Combien de paramètres a le modèle ?",
        "¿Qué datos usan los autores?",
    ],
)
async def test_a_question_in_another_language_is_called_neither_off_topic_nor_unanswered(
    question: str,
) -> None:
    found = await ask(question)
    assert (found.outcome, found.text) == (Outcome.UNSURE, ENGLISH_ONLY)
    assert found.evidence == ()


async def test_a_question_in_another_language_shows_the_places_that_share_its_words() -> None:
    found = await ask("Wie viele Mel-Spektrogramm Features hat das HiveNet mit Adam optimizer?")
    assert "Adam optimizer" in found.nearest[0].quote


async def test_a_paper_in_the_question_s_language_is_read_as_any() -> None:
    text = "Wir zählen die Bienen mit einem Mikrofon, das auch nachts und bei Regen im Stock bleibt."
    paper = replace(PAPER, title="Bienen")
    passages = (Passage(PAPER.id, 0, text, "Abstract", kind="abstract"),)
    found = await EmbeddedAnswerer().answer(
        Question("Wie werden die Bienen mit dem Mikrofon gezählt?", (paper,), passages)
    )
    assert [evidence.quote for evidence in (*found.evidence, *found.nearest)] == [text]
    assert found.text == ""


def test_for_a_question_in_another_language_the_sections_that_matter_are_taken() -> None:
    sections = ("Introduction", "Related work", "Method", "Experiments", "Results", "Conclusion")
    filler = "We walk in the meadow and listen to the wings of bees all day long. " * 12
    passages = tuple(
        Passage(PAPER.id, number, filler, f"{number // 5 + 1} {sections[number // 5]}")
        for number in range(30)
    )
    found = retrieve("Welche Ergebnisse werden berichtet und warum?", passages)
    assert {"6 Conclusion", "1 Introduction", "5 Results"} <= {passage.section for passage in found}
    assert "2 Related work" not in {passage.section for passage in found}


async def test_why_there_is_only_the_abstract_is_told() -> None:
    text = replace(abstract_only(), note="The PDF is damaged and cannot be opened; the abstract is used.")
    made = await EmbeddedSummarizer().summarize(PAPER, text)
    assert (made.basis, made.note) == ("abstract", text.note)


async def test_a_follow_up_leans_on_the_question_before() -> None:
    turns = (Turn("person", "Which optimizer do they train with?"), Turn("bot", "Adam."))
    assert "40 epochs" in said(await ask("And what else?", turns=turns))


async def test_a_bare_why_is_about_what_was_asked_before() -> None:
    turns = (Turn("person", "Is heavy rain a problem for HiveNet?"), Turn("bot", "Heavy rain defeats it."))
    found = await EmbeddedAnswerer().answer(Question("why?", (PAPER,), TEXT.passages, turns))
    shown = " ".join(evidence.quote for evidence in (*found.evidence, *found.nearest))
    assert "heavy rain defeats it" in shown


async def test_a_paper_without_an_abstract_has_a_result_for_its_gist() -> None:
    quote = "We show that bees count the wings of other bees with an error of 4.8 per minute."
    bare = replace(PAPER, abstract="")
    made = await EmbeddedSummarizer().summarize(bare, replace(TEXT, passages=(passage(quote, "5 Results"),)))
    assert made.gist == quote


async def test_numbers_of_people_need_a_number() -> None:
    people = passage("We asked 23 participants to count bees by eye in a meadow.", "4 Experiments")
    assert "23 participants" in said(await ask("How many participants took part?", more=(people,)))
    vague = passage("Many participants liked to count the bees in the meadow.", "4 Experiments")
    uncounted = await ask("How many participants took part?", more=(vague,))
    assert (uncounted.outcome, uncounted.evidence) == (Outcome.NEAR, ())
    assert [evidence.quote for evidence in uncounted.nearest] == [vague.text]


def test_passages_come_by_words_and_by_kind() -> None:
    assert retrieve("Which optimizer?", TEXT.passages, limit=1)[0].text.startswith("We train with the Adam")
    assert retrieve("What are the limitations?", TEXT.passages, limit=1)[0].section == "6 Limitations"
    assert retrieve("anything", [], limit=8) == []
    assert len(retrieve("bees", TEXT.passages, limit=3)) == 3


def test_importing_the_reader_costs_little() -> None:
    script = (
        "import sys, bot.llm.embedded; "
        "print(*[name for name in ('numpy', 'onnxruntime', 'tokenizers', 'wordllama', 'pypdfium2') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded <= {"numpy"}


def test_a_claim_points_at_its_paper() -> None:
    made = claims(TEXT.passages)
    assert all(isinstance(claim, Claim) and isinstance(claim.evidence, Evidence) for claim in made)
    assert {claim.evidence.paper_id for claim in made} == {ID}


@pytest.mark.parametrize(
    "text",
    [
        "We (" + "A 2000 " * 70 + "x propose a long thing.",
        "We propose (" + "1" * 380 + " x a long thing here.",
        "We propose [" + "1, " * 130 + "x a long thing.",
        "We propose " + "a, which is, and, by, with, " * 14 + "done.",
        "However, " * 50 + "we propose nothing.",
        "the of " * 200_000,
        "\u202e\x00🐝" * 5_000,
    ],
)
async def test_hostile_text_is_read_in_time(text: str) -> None:
    made = full_text(passage(text, "1 Introduction"))
    began = time.process_time()
    await EmbeddedSummarizer().summarize(replace(PAPER, abstract=text[:5_000]), made)
    found = retrieve(text[:1_000], made.passages, limit=8)
    await EmbeddedAnswerer().answer(Question(text[:1_000], (PAPER,), tuple(found)))
    assert time.process_time() - began < 5
