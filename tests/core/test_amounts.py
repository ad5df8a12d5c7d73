"""Questions for a quantity and sentences with an amount."""

import pytest

from bot.llm.amounts import sought, told


@pytest.mark.parametrize(
    "question",
    [
        "How many bees?",
        "how much faster is it?",
        "How large is the training corpus?",
        "how big?",
        "What accuracy does the SLAM paper reach?",
        "what is the word error rate?",
        "how long does it take",
        "What percentage of people agreed?",
        "which BLEU score do they get?",
        "How fast can it run?",
        "what's the size of the model?",
        "how accurate is it",
        "What is the learning rate?",
    ],
)
def test_a_quantity_is_asked_for(question: str) -> None:
    assert sought(question)


@pytest.mark.parametrize(
    "question",
    [
        "How large language models reason?",
        "how deep networks learn",
        "how fast Fourier transforms help",
        "Which score function do they use?",
        "what error correction is used?",
        "How does it work?",
        "What data does it use?",
        "how low-rank adapters are trained",
        "Is it fast?",
        "how long-range links form",
    ],
)
def test_no_quantity_is_asked_for(question: str) -> None:
    assert sought(question) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "It takes 25 minutes.",
        "The error falls by 37%.",
        "It halves the memory.",
        "We asked two people.",
        "A model of 7B parameters.",
        "It runs at 30fps.",
        "It is tenfold faster.",
        "In 2024 we asked 12 people.",
        "They have 2000 sentences.",
        "learned from one minute of video",
    ],
)
def test_a_sentence_with_an_amount(sentence: str) -> None:
    assert told(sentence, sought("How many?"))


@pytest.mark.parametrize(
    "sentence",
    [
        "GPT-4 is used.",
        "As shown in Figure 3 and Table 2.",
        "It was found before [12, 13].",
        "Since 2019 it grew.",
        "Ames et al. (2019) did so.",
        "A 3D map of the room.",
        "We train on CIFAR-10 with an A100.",
        "The F1 score.",
        "Mistral 7B has a sliding window.",
        "The third chunk attends to the cache.",
        "It is fast.",
        "",
    ],
)
def test_a_sentence_without_an_amount(sentence: str) -> None:
    assert not told(sentence, sought("How many?"))


@pytest.mark.parametrize(
    ("question", "sentence", "answers"),
    [
        ("What accuracy does it reach?", "It reaches 86.6% on two tasks.", True),
        ("What is the learning rate?", "It is trained with a learning rate of 1e-5.", True),
        ("What is the error rate?", "It is trained with a learning rate of 1e-5.", False),
        ("How much faster is it?", "We ran tests with two objectives.", False),
        ("How much faster is it?", "It yields a 2x speed up.", True),
        ("How much is saved?", "It saves two thirds of the time.", True),
        ("What accuracy does it reach?", "The error falls by 37% over twelve drives.", True),
        ("What accuracy does it reach?", "It is 6.95x faster on five tasks.", False),
        ("What is the F1 score?", "Both reach an F1-score of 0.84.", True),
        ("How large is the training corpus?", "We release 1,400 annotated legal questions.", True),
        ("How large is the training corpus?", "A corpus of 23K samples is released.", True),
        ("How large is the training corpus?", "It wins on five benchmarks by 3%.", False),
        ("How large is the training corpus?", "The corpus has a two-stage filter.", False),
        ("How large is the effect?", "The effect is 0.4 degrees.", True),
        ("How long does training take?", "Training takes 25 minutes on one card.", True),
        ("How long does training take?", "Training uses 104 tests.", False),
        ("How fast is it?", "It runs in real time.", True),
        ("How fast is it?", "A safeguard for real-time systems in four layers.", False),
        ("How fast is it?", "It draws 82 frames per second.", True),
        ("Is it fast?", "It is fast.", True),
    ],
)
def test_the_amount_is_of_the_kind_asked_for(question: str, sentence: str, answers: bool) -> None:
    assert told(sentence, sought(question)) is answers
