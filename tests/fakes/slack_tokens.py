"""Credentials of the fake Slack: bot, app and client tokens, scopes, installation by code, revocation."""

from dataclasses import dataclass, field

from tests.fakes.slack_limits import Json
from tests.fakes.slack_web import METHODS
from tests.fakes.slack_world import BOT_USER, Refused


@dataclass
class Tokens:
    """What the fake takes as credentials; a token in `revoked` answers `token_revoked`."""

    bot: str = "xoxb-fake"
    app: str = "xapp-fake"
    signing_secret: str = "shhh-signing"
    client_id: str = "111.222"
    client_secret: str = "shhh-client"
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def authorize(self, name: str, token: str, scopes: set[str]) -> None:
        if not token:
            raise Refused("not_authed")
        if token in self.revoked:
            raise Refused("token_revoked")
        if token not in self.teams:
            raise Refused("invalid_auth")
        needed = METHODS[name][1] if name in METHODS else frozenset()
        if needed and not needed & scopes:
            provided = ",".join(sorted(scopes))
            raise Refused("missing_scope", needed=min(needed), provided=provided)

    def install(self, args: Json, scopes: set[str]) -> Json:
        if (args.get("client_id"), args.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            raise Refused("bad_client_secret")
        if args.get("code") not in self.codes:
            raise Refused("invalid_code")
        team, token = self.codes.pop(args["code"])
        self.teams[token] = team
        return {
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(sorted(scopes)),
            "bot_user_id": BOT_USER,
            "app_id": "A0PAPER",
            "team": {"id": team, "name": f"Team {team}"},
            "enterprise": None,
            "authed_user": {"id": "U0ADMIN"},
            "is_enterprise_install": False,
        }
