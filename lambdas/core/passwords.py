"""What may be a password: its length, and that it is not one that everybody tries first.

No rules about kinds of characters: they make passwords harder to remember and no harder to guess (NIST SP 800-63B 5.1.1.2).
"""

import re
import unicodedata

from lambdas.core.errors import FieldError

LEAST = 10
MOST = 256

_FIRST_TRIED = """
0011223344 0102030405 0123456789 01234567890 0987654321 09876543210 1029384756 1112223334 1122334455 11223344556
112233445566 1231231231 1234509876 1234554321 123456123456 1234567654321 1234567890 12345678900 12345678901
123456789012 1234567890123 1234567890a 1234567890q 123456789123 1234567899 123456789987654321 123456789a 123456789abc
123456789q 123456789qwerty 123456abcd 12345qwert 1234abcd1234 1234qwerasdf 1234qwerasdfzxcv 123qwe123qwe 123qweasdzxc
1357924680 1472583690 147258369147 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc
1qaz2wsx3edc4rfv 1qazxsw23edc 9876543210 98765432100 987654321a a123456789 aa123456789 abc1234567 abc123456789
abc123abc123 abcd123456 abcd12345678 abcdefghij abcdefghijk abcdefghijkl abcdefghijklmnopqrstuvwxyz admin12345
admin123456 adminadmin1 administrator asdf123456 asdfghjkl1 asdfghjkl123 asdfghjkl; asdfghjklqwertyuiop babygirl12
basketball basketball1 changeme123 chocolate1 chocolate123 computer123 correcthorsebatterystaple dragon1234
dragon123456 everything facebook123 fckgwrhqq2 football12 football123 geheim1234 geheim123456 hallo12345 hallo123456
hello12345 hello123456 helloworld helloworld1 ichliebedich iloveyou12 iloveyou123 iloveyou1234 iloveyousomuch
internet123 letmein123 letmein1234 letmeinplease liebe12345 liverpool1 loveyou123 manchester manunited1 master1234
michael123 minecraft1 minecraft123 mypassword mypassword1 mypassword123 p@ssw0rd123 p@ssword123 pa55word123 passw0rd12
passw0rd123 password00 password01 password1! password11 password12 password123 password123! password1234 password12345
password123456 password2024 password2025 password2026 passwordpassword passwort12 passwort123 passwort1234
passwort12345 passwort2024 passwort2025 passwort2026 pokemon123 princess12 princess123 q1w2e3r4t5 q1w2e3r4t5y6
qazwsx1234 qazwsx123456 qazwsxedcrfv qazxswedcvfr qwer123456 qwert12345 qwerty1234 qwerty12345 qwerty123456
qwerty1234567890 qwertyqwerty qwertyuiop qwertyuiop1 qwertyuiop123 qwertyuiop[] qwertzuiop qwertzuiop123 samsung123
schalke04! schalke1904 secret1234 spiderman1 starwars123 sunshine12 sunshine123 superman12 superman123 test123456
test1234567890 testpassword testtest12 thisisapassword trustno1trustno1 unknown123 verysecret welcome123 welcome1234
whatever123 william123 willkommen willkommen1 willkommen123 yxcvbnm123 zaq12wsxcde3 zxcvbnm,./ zxcvbnm123 zxcvbnm1234
zxcvbnmasdfghjkl
"""
# What people choose who have to choose ten characters or more, in small letters; repeated ones are found without a list.
_COMMON = frozenset(_FIRST_TRIED.split())

_REPEATED = re.compile(r"(.{1,5}?)\1+\Z", re.DOTALL)


def normalised(password: str) -> str:
    """The password as it is kept and compared: how a keyboard composes an é makes no other one of it."""
    return unicodedata.normalize("NFKC", password)


def fault(password: str, *, email: str, field: str = "password") -> FieldError | None:
    """Why this cannot be the password of whoever has this address; None where it can.

    Codes: missing, too_short, too_long, surrounding_space, control_characters, password_is_email, password_common.
    """
    text = normalised(password)
    if not text:
        return FieldError(path=field, code="missing", message="Choose a password.")
    if text != text.strip():
        return FieldError(path=field, code="surrounding_space", message="A password cannot begin or end with a blank.")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        return FieldError(path=field, code="control_characters", message="It has characters that cannot be typed.")
    if len(text) < LEAST:
        return FieldError(
            path=field, code="too_short", message=f"Write at least {LEAST} characters.", params={"min": LEAST}
        )
    if len(text) > MOST:
        return FieldError(
            path=field, code="too_long", message=f"Write at most {MOST} characters.", params={"max": MOST}
        )
    plain = text.casefold()
    if _is_of(plain, normalised(email).strip().casefold()):
        return FieldError(
            path=field, code="password_is_email", message="Your e-mail address is the first thing that others try."
        )
    if plain in _COMMON or _REPEATED.match(plain):
        return FieldError(path=field, code="password_common", message="This is one of the first that others try.")
    return None


def _is_of(password: str, email: str) -> bool:
    """Whether it is the address, or its mailbox and digits."""
    mailbox = email.partition("@")[0]
    return bool(email) and (password == email or (bool(mailbox) and password.rstrip("0123456789!.") == mailbox))
