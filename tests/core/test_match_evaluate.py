"""The metrics, on runs small enough to reckon by hand."""

import json
import math
from pathlib import Path

import pytest

from benchmarks.evaluate import (
    Query,
    TopicDay,
    decision_figures,
    ndcg,
    read_run,
    read_topics,
    search_figures,
)


def test_digest_precision_and_recall_look_at_the_five_best() -> None:
    day = TopicDay(frozenset("abcdefg"), ("a", "b", "x", "c", "d", "e"))
    figures = decision_figures([[day]])
    assert figures["digest@5 P"] == pytest.approx(4 / 5)
    assert figures["digest@5 R"] == pytest.approx(4 / 5)
    assert figures["micro P"] == pytest.approx(5 / 6)
    assert figures["micro R"] == pytest.approx(5 / 7)


def test_macro_f1_is_the_mean_over_topics_and_a_rightly_quiet_topic_counts_one() -> None:
    half = [TopicDay(frozenset("ab"), ("a", "x")), TopicDay(frozenset(), ())]
    figures = decision_figures([half, [TopicDay(frozenset(), ())]])
    assert figures["macro-F1"] == pytest.approx((0.5 + 1.0) / 2)


def test_none_today_counts_only_days_without_a_positive() -> None:
    days = [TopicDay(frozenset(), ()), TopicDay(frozenset(), ("x",)), TopicDay(frozenset("a"), ())]
    assert decision_figures([days])["none today"] == pytest.approx(0.5)


def test_decisions_are_read_with_and_without_prefix_and_borderline_left_out(tmp_path: Path) -> None:
    rows = [("a", 0.9, True), ("arxiv:b", 0.95, True), ("edge", 0.99, True), ("c", 0.2, False)]
    out, labels, papers, topics = (tmp_path / name for name in ("out", "labels", "papers", "topics"))
    out.write_text("".join(
        json.dumps({"topic": "t", "id": id_, "score": score, "matched": matched}) + "\n"
        for id_, score, matched in rows
    ))  # fmt: skip
    labels.write_text("topic\tpaper\tgrade\nt\tb\t2\nt\tedge\t1\n")
    papers.write_text("".join(json.dumps({"id": id_}) + "\n" for id_ in ("a", "b", "c", "edge")))
    topics.write_text("t\n\n")
    assert read_topics(out, [labels, papers, topics]) == [[TopicDay(frozenset({"b"}), ("b", "a"))]]


def test_ndcg_compares_with_the_best_order() -> None:
    query = Query("q", ("x", "b", "a"), {"a": 2, "b": 1})
    best = 2 + 1 / math.log2(3)
    assert ndcg(query, 10) == pytest.approx((1 / math.log2(3) + 2 / math.log2(4)) / best)
    assert ndcg(Query("q", ("a", "b"), {"a": 2, "b": 1}), 10) == pytest.approx(1.0)
    assert ndcg(Query("q", (), {"a": 1}), 10) == 0.0


def test_a_run_is_read_by_score_and_a_missing_query_found_nothing(tmp_path: Path) -> None:
    run, qrels = tmp_path / "run", tmp_path / "qrels"
    run.write_text("q1 Q0 d1 1 0.2 x\nq1 Q0 d2 2 0.9 x\n")
    qrels.write_text("query_id\tdoc_id\tgrade\nq1\td1\t1\nq2\td9\t1\nq1\td7\t0\n")
    queries = read_run(run, qrels)
    assert queries == [Query("q1", ("d2", "d1"), {"d1": 1}), Query("q2", (), {"d9": 1})]
    assert search_figures(queries)["recall@100"] == pytest.approx(0.5)
    assert search_figures(queries)["P@3"] == pytest.approx(1 / 6)
