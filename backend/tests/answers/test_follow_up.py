"""Questions that lean on an earlier one."""

import pytest

from assay.answers.follow_up import standalone
from assay.answers.language import wanted

FIRST = "What was Apple's net income in Q3 2022?"


@pytest.mark.parametrize(
    ("earlier", "question", "contains", "lacks"),
    [
        ([FIRST], "And in 2023?", {"appl", "net", "incom", "2023", "q3"}, {"2022"}),
        ([FIRST], "What about Amazon?", {"amazon", "net", "incom", "2022"}, {"appl"}),
        ([FIRST, "And in 2023?"], "And for Intel?", {"intel", "incom", "2023"}, {"appl", "2022"}),
        ([FIRST], "How did it change?", {"appl", "net", "incom"}, set()),
        ([FIRST], "And in Q1?", {"q1", "2022", "appl"}, {"q3"}),
        ([FIRST], "Who is the auditor of Intel?", {"auditor", "intel"}, {"incom", "2022"}),
        ([], "And in 2023?", {"2023"}, set()),
    ],
)
def test_what_is_left_out_comes_from_before(earlier, question, contains, lacks):
    terms = wanted(standalone(question, earlier)).terms
    assert contains <= terms
    assert not lacks & terms
