"""Which questions are taken for English ones."""

import pytest

from bot.tongues import foreign


@pytest.mark.parametrize(
    "question",
    [
        "Ist der Code verfügbar?",
        "Worum geht es?",
        "Wie viele GPUs wurden verwendet?",
        "Quels jeux de données ?",
        "Combien de paramètres a le modèle ?",
        "¿Qué datos usan?",
        "Quantos parâmetros tem o modelo?",
        "Quali dati usano?",
        "Hoeveel parameters heeft het model?",
        "这篇论文用了什么数据集?",
        "Какие данные использовались?",
        "データセットは何ですか",
    ],
)
def test_other_languages_are_told(question: str) -> None:
    assert foreign(question)


@pytest.mark.parametrize(
    "question",
    [
        "license?",
        "MIT license?",
        "and ViT-L?",
        "What is die casting?",
        "De Bruijn graph size?",
        "Van der Waals forces?",
        "von Neumann entropy?",
        "IL-6 levels in Au samples at Los Alamos?",
        "Does Schrödinger's equation hold for α-RuCl₃?",
        "comment on limitations",
        "criteria met?",
        "2 + 2?",
        "",
    ],
)
def test_english_with_foreign_names_is_english(question: str) -> None:
    assert not foreign(question)
