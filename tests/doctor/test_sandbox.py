from kosmos_graph.doctor.sandbox import sandbox_finding
from kosmos_graph.sandbox.ladder import Finding, Ladder
from kosmos_graph.settings import Settings

SETTINGS = Settings(_env_file=None, kosmos_sandbox_image="kosmos")
MISSING = Finding("bubblewrap", holds=False, reason="it is not installed", remedy="install bubblewrap")


def test_a_sandbox_that_holds_is_named_with_the_way_to_a_better_one():
    asked = []

    def probed(docker_image):
        asked.append(docker_image)
        return Ladder((MISSING, Finding("landlock", holds=True)))

    found = sandbox_finding(SETTINGS, probed)
    assert (found.status, asked) == ("ok", ["kosmos"])
    assert "landlock" in found.detail
    assert "install bubblewrap" in found.detail


def test_without_any_sandbox_there_is_a_warning_with_every_reason_and_remedy():
    found = sandbox_finding(SETTINGS, lambda docker_image: Ladder((MISSING,)))
    assert (found.status, found.remedy) == ("warning", "install bubblewrap")
    assert "bubblewrap: it is not installed" in found.detail
