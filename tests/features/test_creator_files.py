"""A creator's file is edited by hand: whatever is in it, the answer is a creator or every fault with its line."""

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.core.creator import Creator, Region
from lambdas.features import creator_files
from lambdas.features.creator_faults import FileFault
from lambdas.features.creator_files import (
    CreatorFileInvalid,
    CreatorFileUnreadable,
    CreatorFileUnwritable,
    CreatorRefused,
    CreatorUnknown,
    DomainTaken,
    IdTaken,
    creator_path,
    new_creator,
    read_all,
    read_creator,
    survey,
    write_new,
)

SOUND = """\
id: nova
name: Nova Example
domain: nova.example
email: hello@nova.example
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "creators"
    path.mkdir()
    return path


def _creator(creator_id: str = "nova", **changes: object) -> Creator:
    domain = f"{creator_id}.example"
    return new_creator({"id": creator_id, "name": "Nova Example", "domain": domain, "email": f"me@{domain}"} | changes)


def _faults(folder: Path, content: str | bytes, name: str = "nova.yaml") -> tuple[FileFault, ...]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(CreatorFileInvalid) as refusal:
        read_creator(path)
    return refusal.value.faults


def _one(folder: Path, content: str | bytes) -> FileFault:
    (fault,) = _faults(folder, content)
    return fault


class TestReading:
    def test_four_lines_make_a_creator_with_defaults_for_the_rest(self, folder: Path) -> None:
        (folder / "nova.yaml").write_text(SOUND)
        creator = read_creator(folder / "nova.yaml")
        assert (creator.id, creator.region, creator.brand.primary) == ("nova", "eu-central-1", "#6A0DAD")

    def test_a_key_without_a_value_takes_its_default(self, folder: Path) -> None:
        (folder / "nova.yaml").write_text(SOUND + "brand:\n  # primary: ...\nregion:\ncloud: ~\n")
        assert read_creator(folder / "nova.yaml").region == "eu-central-1"

    @pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"], ids=["windows", "unix", "old mac"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
    def test_the_line_endings_of_every_editor_are_read(self, folder: Path, ending: str, mark: bytes) -> None:
        (folder / "nova.yaml").write_bytes(mark + SOUND.replace("\n", ending).encode())
        assert read_creator(folder / "nova.yaml").name == "Nova Example"

    def test_words_that_older_yaml_takes_for_booleans_are_texts(self, folder: Path) -> None:
        (folder / "nova.yaml").write_text(SOUND.replace("Nova Example", "No"))
        assert read_creator(folder / "nova.yaml").name == "No"

    @pytest.mark.parametrize(
        "text", ["{{ 7 * 7 }}", "{% raw %}", "${jndi:ldap://x}", "<script>alert(1)</script>", "#{1}"]
    )
    def test_what_looks_like_a_template_stays_a_text(self, folder: Path, text: str) -> None:
        (folder / "nova.yaml").write_text(SOUND + f"site:\n  tagline:\n    en: '{text}'\n")
        assert read_creator(folder / "nova.yaml").site.tagline.en == text

    def test_every_fault_comes_at_once_with_line_column_and_fix(self, folder: Path) -> None:
        content = SOUND.replace("Nova Example", "12") + (
            "emial: x\n"
            "region: eu-west-9\n"
            "brand:\n"
            "  primry: red\n"
            "  accent: red\n"
            "cloud:\n"
            "  account: 12\n"
            "features:\n"
            "  contakt: {}\n"
            "  contact:\n"
            "    keep_days: 0\n"
        )
        found = {(f.line, f.column, f.path): f.fix for f in _faults(folder, content)}
        assert {key: fix.partition("?")[0] for key, fix in found.items()} == {
            (2, 1, "name"): 'put it in quotes: "12"',
            (5, 1, "emial"): "did you mean email",
            (6, 1, "region"): "did you mean eu-west-1",
            (8, 3, "brand.primry"): "did you mean primary",
            (9, 3, "brand.accent"): 'write six hexadecimal digits after a #, in quotes, such as "#6A0DAD"',
            (11, 3, "cloud.account"): 'put it in quotes: "12"',
            (13, 3, "features.contakt"): "did you mean contact",
            (15, 5, "features.contact.keep_days"): "write 1 or more",
        }

    def test_a_region_without_ivs_is_refused_with_those_that_have_it(self, folder: Path) -> None:
        fault = _one(folder, SOUND + "region: eu-north-1\n")
        assert all(region in fault.fix for region in get_args(Region))

    def test_a_missing_key_says_what_it_is_for(self, folder: Path) -> None:
        fault = _one(folder, SOUND.replace("email: hello@nova.example\n", ""))
        assert fault.message == "email is missing"
        assert "contact form" in fault.fix

    @pytest.mark.parametrize(
        ("setting", "fix"),
        [
            ("brand: red", "write a block of settings: primary, accent"),
            ("site:\n  links: home", "write a list"),
            ("site:\n  links: [{label: Home, url: 'javascript:alert(1)'}]", "write a whole address"),
            ("site:\n  links: [{label: Home}]", "add `url: …`"),
            ("site:\n  tagline: [a]", "write a block of settings: en, de"),
            ("features:\n  contact:\n    enabled: 7", "write true or false"),
            ("features:\n  contact:\n    keep_days: soon", "write a whole number"),
            ("features:\n  contact: true", "write a block of settings: enabled"),
            ("cloud:\n  account: '12'", "12 digits"),
            ("cloud:\n  account: '١٢٣٤٥٦٧٨٩٠١٢'", "12 digits"),
            (f"site:\n  about:\n    en: {'x' * 4001}", "shorten it to 4000 characters"),
            (f"site:\n  links: [{{label: {'x' * 161}, url: 'https://a.example/'}}]", "shorten it to 160 characters"),
            ("site:\n  links: [" + "{label: A, url: 'https://a.example/'}, " * 13 + "]", "keep 12 at most"),
            ("cloud:\n  waf: {}", "write true or false"),
            ("languages: []", "name each language once"),
            ("languages: [de]", "name each language once"),
            ("languages: [fr]", "en, de"),
            ("timezone: Mars/Base", "write one such as Europe/Berlin"),
            ("brand:\n  theme: drak", "did you mean dark?"),
        ],
    )
    def test_a_wrong_value_is_answered_with_what_to_write(self, folder: Path, setting: str, fix: str) -> None:
        assert fix in _faults(folder, f"{SOUND}{setting}\n")[0].fix

    @pytest.mark.parametrize(
        ("line", "bad"), [("id: nova", "id: Nova!"), ("domain: nova.example", "domain: https://x")]
    )
    def test_a_bad_id_or_domain_is_refused_at_its_line(self, folder: Path, line: str, bad: str) -> None:
        fault = _one(folder, SOUND.replace(line, bad))
        assert fault.line == SOUND.split("\n").index(line) + 1

    def test_the_id_must_be_the_files_name(self, folder: Path) -> None:
        fault = _faults(folder, SOUND, name="orbit.yaml")[0]
        assert (fault.line, fault.fix) == (1, "write `id: orbit`, or rename the file to nova.yaml")

    def test_colours_that_cannot_be_made_readable_are_refused_with_one_that_can(self, folder: Path) -> None:
        fault = _one(folder, SOUND + 'brand:\n  theme: light\n  accent: "#FFFF66"\n')
        assert (fault.line, fault.path, fault.code) == (7, "brand.accent", "contrast")
        assert "#" in fault.fix


class TestHostileFiles:
    def test_a_bomb_of_aliases_is_refused_at_once(self, folder: Path) -> None:
        rows = ["a0: &a0 [lol, lol, lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
        faults = _faults(folder, SOUND + "\n".join(rows) + "\n")
        assert any("alias" in fault.message for fault in faults)
        assert any("anchor" in fault.message for fault in faults)

    @pytest.mark.parametrize(
        "value",
        ["!!python/object/apply:os.system [id]", "!!python/name:os.system", "!include /etc/passwd", "!!binary aGk="],
    )
    def test_a_tag_names_no_class_and_runs_nothing(self, folder: Path, value: str) -> None:
        assert any("tag" in fault.message for fault in _faults(folder, f"{SOUND}site: {value}\n"))

    def test_a_key_given_twice_is_refused_and_both_lines_named(self, folder: Path) -> None:
        fault = _one(folder, SOUND + "name: Other\n")
        assert (fault.line, fault.message) == (5, "'name' is given a second time")
        assert "line 2" in fault.fix

    def test_a_merge_key_is_an_unknown_key(self, folder: Path) -> None:
        assert "unknown key '<<'" in _one(folder, SOUND + "<<: {region: us-east-1}\n").message

    @pytest.mark.parametrize(
        "content",
        ["[" * 5000, "{a: " * 5000, "a:\n" + "".join(" " * n + "- \n" for n in range(1, 200)), "- " * 3000],
        ids=["lists", "blocks", "indented", "dashes"],
    )
    def test_a_file_nested_without_end_is_refused(self, folder: Path, content: str) -> None:
        assert "levels deep" in _faults(folder, content)[0].message

    def test_a_large_file_is_refused_unread(self, folder: Path) -> None:
        assert "64 kB" in _one(folder, SOUND + "#" * 200_000).message

    @pytest.mark.parametrize(
        "content", [b"\x89PNG\r\n\x1a\n\x00\x00", b"id: nova\nname: \xff\xfe\n", "id: ü".encode("utf-16")]
    )
    def test_a_file_that_is_no_text_is_refused(self, folder: Path, content: bytes) -> None:
        assert "UTF-8" in _one(folder, content).fix

    @pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b[31m", "\x7f"])
    def test_control_characters_are_refused_at_their_place(self, folder: Path, control: str) -> None:
        fault = _one(folder, SOUND.replace("Nova Example", f"Nova{control}"))
        assert (fault.line, fault.column) == (2, 11)

    @pytest.mark.parametrize("escaped", [r"Nova\0", r"Nova\e[31m", r"Nova\u202Eevil", r"Nova\nBcc: x@y.example"])
    def test_control_characters_written_as_escapes_are_refused_too(self, folder: Path, escaped: str) -> None:
        assert _one(folder, SOUND.replace("Nova Example", f'"{escaped}"')).line == 2

    @pytest.mark.parametrize("escaped", [r"\ud800", r"\U00110000", r"\UFFFFFFFF"])
    @pytest.mark.parametrize("setting", ["picture", "logo"])
    def test_escapes_that_stand_for_no_character_are_refused_at_their_line(
        self, folder: Path, escaped: str, setting: str
    ) -> None:
        faults = _faults(folder, SOUND + f'brand:\n  {setting}: "{escaped}.jpg"\n')
        assert {fault.line for fault in faults} == {6}
        assert "write the text itself" in {fault.fix for fault in faults}

    def test_tabs_are_answered_with_spaces(self, folder: Path) -> None:
        fault = _one(folder, SOUND + "brand:\n\tprimary: red\n")
        assert (fault.line, fault.fix) == (6, "indent with spaces, never with tabs")

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            (SOUND + 'site: "open\n', 5),
            (SOUND + "site: [1, 2\n", 5),
            (SOUND + "brand:\n  primary: a\n accent: b\n", 7),
            (SOUND + "about: a: b\n", 5),
            (SOUND + "legal\n", 6),
            (SOUND + "---\nid: second\n", 5),
            ("", 1),
            ("# nothing\n", 1),
            ("just words\n", 1),
            ("- a\n- b\n", 1),
            ("? [a, b]\n: c\n", 1),
            ("*a : b\n", 1),
            ("{{ id }}: nova\n", 1),
        ],
    )
    def test_what_is_no_settings_file_names_the_line(self, folder: Path, content: str, line: int) -> None:
        first = _faults(folder, content)[0]
        assert first.line == line
        assert first.fix

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        content=st.one_of(
            st.binary(max_size=300),
            st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
            st.lists(
                st.sampled_from(
                    [*"&*!|>?:-#%@`{}[],'\"\t\n ", "id", "brand", "0x1f", "~", "1e9", "<<", "---", "...", "\n  "]
                ),
                max_size=40,
            ).map(lambda parts: "".join(parts).encode()),
        )
    )
    def test_no_content_whatever_does_more_than_be_refused(self, folder: Path, content: bytes) -> None:
        faults = _faults(folder, content)
        assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in faults)

    @pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "a/../../x.png", "..\\x.png", "file:x.png"])
    def test_a_picture_cannot_be_a_path_out_of_the_creators_folder(self, folder: Path, path: str) -> None:
        assert _one(folder, SOUND + f"brand:\n  picture: '{path}'\n").path == "brand.picture"

    @pytest.mark.parametrize("path", [r"a\0.jpg", r"a\n.jpg"])
    def test_a_pictures_name_has_no_control_characters(self, folder: Path, path: str) -> None:
        assert _one(folder, SOUND + f'brand:\n  picture: "{path}"\n').path == "brand.picture"

    def test_a_picture_cannot_lead_out_through_a_link(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "secret.jpg").write_bytes(b"x")
        (folder / "nova").mkdir()
        (folder / "nova" / "hero.jpg").symlink_to(tmp_path / "secret.jpg")
        assert _one(folder, SOUND + "brand:\n  picture: hero.jpg\n").code == "picture_outside"

    def test_a_creators_folder_cannot_be_a_link_to_elsewhere(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "hero.jpg").write_bytes(b"x")
        (folder / "nova").symlink_to(tmp_path / "elsewhere")
        assert _one(folder, SOUND + "brand:\n  picture: hero.jpg\n").code == "picture_outside"

    def test_a_picture_that_is_not_there_is_named(self, folder: Path) -> None:
        assert _one(folder, SOUND + "brand:\n  logo: mark.png\n").code == "picture_missing"

    def test_a_picture_in_the_creators_folder_is_taken(self, folder: Path) -> None:
        (folder / "nova").mkdir()
        (folder / "nova" / "hero.jpg").write_bytes(b"x")
        (folder / "nova.yaml").write_text(SOUND + "brand:\n  picture: hero.jpg\n")
        assert read_creator(folder / "nova.yaml").brand.picture == "hero.jpg"

    def test_a_file_that_may_not_be_read_says_so(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = folder / "nova.yaml"
        path.write_text(SOUND)

        def refused(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

        monkeypatch.setattr(Path, "open", refused)
        with pytest.raises(CreatorFileUnreadable, match="Permission denied"):
            read_creator(path)

    def test_a_pipe_among_the_files_does_not_hang_the_reader(self, folder: Path) -> None:
        os.mkfifo(folder / "nova.yaml")
        with pytest.raises(CreatorFileUnreadable, match="is no file"):
            read_creator(folder / "nova.yaml")


class TestTheFolder:
    def test_all_sound_files_come_sorted_by_id(self, folder: Path) -> None:
        for creator_id in ("zeta", "alpha", "nova"):
            write_new(_creator(creator_id), folder=folder)
        assert [creator.id for creator in read_all(folder)] == ["alpha", "nova", "zeta"]

    def test_no_folder_means_no_creators(self, tmp_path: Path) -> None:
        assert read_all(tmp_path / "none") == ()

    def test_one_broken_file_does_not_hide_the_others(self, folder: Path) -> None:
        write_new(_creator("alpha"), folder=folder)
        (folder / "nova.yaml").write_text(SOUND + "emial: x\n")
        found = survey(folder)
        assert list(found.creators) == ["alpha"]
        assert [fault.message for fault in found.faults] == ["unknown key 'emial'"]
        with pytest.raises(CreatorFileInvalid):
            read_all(folder)

    def test_two_creators_cannot_have_one_domain(self, folder: Path) -> None:
        (folder / "nova.yaml").write_text(SOUND)
        (folder / "orbit.yaml").write_text(SOUND.replace("id: nova", "id: orbit"))
        (fault,) = survey(folder).faults
        assert (fault.line, fault.code) == (3, "domain_taken")
        assert "nova.yaml" in fault.message

    def test_the_domain_of_a_broken_file_is_taken_all_the_same(self, folder: Path) -> None:
        (folder / "nova.yaml").write_text(SOUND + "emial: x\n")
        with pytest.raises(DomainTaken):
            write_new(_creator("orbit", domain="nova.example"), folder=folder)

    def test_an_unknown_id_names_the_nearest_known_one(self, folder: Path) -> None:
        write_new(_creator("nova"), folder=folder)
        with pytest.raises(CreatorUnknown) as refusal:
            creator_path("novaa", folder=folder)
        assert refusal.value.fix == "did you mean nova?"

    @pytest.mark.parametrize("creator_id", ["../nova", "/etc/passwd", "nova.yaml", "", "."])
    def test_an_id_never_becomes_a_path(self, folder: Path, creator_id: str) -> None:
        write_new(_creator("nova"), folder=folder)
        with pytest.raises(CreatorUnknown):
            creator_path(creator_id, folder=folder / ".." / "creators")


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), max_size=60).filter(
    lambda text: text == text.strip() and not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)


class TestWriting:
    def test_every_setting_of_the_model_is_in_the_file_with_its_purpose(self, folder: Path) -> None:
        text = write_new(_creator(), folder=folder).read_text()
        schema = creator_files.model().model_json_schema()
        parts = [schema, *schema["$defs"].values()]
        fields = {
            name: field
            for part in parts
            for name, field in part.get("properties", {}).items()
            if part.get("title") != "Link"
        }
        assert fields
        flat = " ".join(line.strip().removeprefix("# ") for line in text.splitlines())
        for name, field in fields.items():
            assert f"{name}:" in text
            assert field.get("description", "") in flat

    def test_the_file_reads_back_as_the_same_creator(self, folder: Path) -> None:
        creator = _creator(brand={"primary": "#004466", "accent": "#FFB000"}, features={"contact": {"enabled": False}})
        assert read_creator(write_new(creator, folder=folder)) == creator

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        name=TEXTS.filter(bool),
        tagline=TEXTS,
        about=st.lists(TEXTS, max_size=4).map(lambda lines: "\n".join(lines).strip()),
        links=st.lists(
            st.tuples(TEXTS.filter(bool), st.sampled_from(["https://a.example/#x?y=[1]", "http://b.example"])),
            max_size=3,
        ),
    )
    def test_any_text_reads_back_as_it_was(
        self, folder: Path, name: str, tagline: str, about: str, links: list[tuple[str, str]]
    ) -> None:
        site = {
            "tagline": {"de": tagline},
            "about": {"en": about},
            "links": [{"label": label, "url": url} for label, url in links],
        }
        creator = _creator(name=name, site=site)
        path = write_new(creator, folder=folder)
        try:
            assert read_creator(path) == creator
        finally:
            path.unlink()

    def test_an_existing_file_is_never_changed(self, folder: Path) -> None:
        (folder / "nova.yaml").write_text("mine")
        with pytest.raises(IdTaken):
            write_new(_creator(), folder=folder)
        assert (folder / "nova.yaml").read_text() == "mine"

    def test_not_even_a_dangling_link_is_written_through(self, folder: Path, tmp_path: Path) -> None:
        (folder / "nova.yaml").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(IdTaken):
            write_new(_creator(), folder=folder)
        assert not (tmp_path / "elsewhere").exists()

    def test_two_at_once_with_one_domain_leave_one_file(self, folder: Path) -> None:
        outcomes: list[str] = []
        start = threading.Barrier(8)

        def add(number: int) -> None:
            start.wait()
            try:
                write_new(_creator(f"nova{number}", domain="nova.example"), folder=folder)
                outcomes.append("written")
            except DomainTaken:
                outcomes.append("taken")

        threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["taken"] * 7 + ["written"]
        assert len(list(folder.iterdir())) == 1

    @pytest.mark.parametrize("call", ["fsync", "link", "fchmod"])
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
    def test_a_disk_that_fails_leaves_nothing_behind(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
    ) -> None:
        monkeypatch.setattr(os, call, _failing(number))
        with pytest.raises(CreatorFileUnwritable) as refusal:
            write_new(_creator(), folder=folder)
        assert os.strerror(number) in refusal.value.message
        assert refusal.value.fix
        assert [path for path in folder.iterdir() if path.suffix != ".yaml"] == []
        assert not (folder / "nova.yaml").exists()

    def test_what_makes_no_creator_is_refused_with_everything_wrong(self) -> None:
        with pytest.raises(CreatorRefused) as refusal:
            new_creator({"id": "X", "name": "", "domain": "x", "email": "no", "region": "eu-north-1"})
        assert {fault.path for fault in refusal.value.fields} == {"id", "name", "domain", "email", "region"}
        assert all(fault.params["fix"] for fault in refusal.value.fields)

    def test_reading_a_file_of_the_largest_size_takes_no_noticeable_time(self, folder: Path) -> None:
        filler = "".join(f"k{number}: [a, b]\n" for number in range(3800))
        started = time.process_time()
        _faults(folder, (SOUND + filler)[: 64 * 1024])
        assert time.process_time() - started < 10


def _failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail
