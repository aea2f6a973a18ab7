"""Outgoing webhooks over the API."""

from http import HTTPStatus

from app.api.auth import actor
from app.api.operations import operation
from app.api.schemas.base import ListOf, Nothing, Page
from app.api.schemas.outgoing import DeliveryOut, WebhookChange, WebhookOut, WebhookPlan
from app.outgoing import queries, service
from app.records.accounts import Scope

ONE = "/outgoing-webhooks/<int:webhook_id>"


@operation("GET", "/outgoing-webhooks", scope=Scope.ADMIN, answers=ListOf[WebhookOut])
def list_outgoing_webhooks() -> ListOf[WebhookOut]:
    """List all outgoing webhooks by name, in one part."""
    return ListOf[WebhookOut](items=[WebhookOut.of(webhook) for webhook in queries.everything()], next=None)


@operation(
    "POST",
    "/outgoing-webhooks",
    scope=Scope.ADMIN,
    body=WebhookPlan,
    answers=WebhookOut,
    statuses=(HTTPStatus.CREATED,),
)
def create_outgoing_webhook(*, body: WebhookPlan) -> WebhookOut:
    """Have an address told of every change of an incident; only this answer has the secret."""
    webhook, secret = service.create(name=body.name, url=body.url, actor=actor())
    return WebhookOut.of(webhook, secret)


@operation("GET", ONE, scope=Scope.ADMIN, answers=WebhookOut)
def get_outgoing_webhook(*, webhook_id: int) -> WebhookOut:
    """Show one outgoing webhook."""
    return WebhookOut.of(queries.get(webhook_id))


@operation("POST", ONE, scope=Scope.ADMIN, body=WebhookChange, answers=WebhookOut)
def change_outgoing_webhook(*, webhook_id: int, body: WebhookChange) -> WebhookOut:
    """Give an outgoing webhook another name, and another address if there is one."""
    return WebhookOut.of(service.change(webhook_id, name=body.name, url=body.url, actor=actor()))


@operation("POST", f"{ONE}/on", scope=Scope.ADMIN, body=Nothing, answers=WebhookOut)
def turn_outgoing_webhook_on(*, webhook_id: int, body: Nothing) -> WebhookOut:
    """Tell the address of changes from now on."""
    del body
    return WebhookOut.of(service.turn(webhook_id, is_on=True, actor=actor()))


@operation("POST", f"{ONE}/off", scope=Scope.ADMIN, body=Nothing, answers=WebhookOut)
def turn_outgoing_webhook_off(*, webhook_id: int, body: Nothing) -> WebhookOut:
    """Tell the address nothing for now; what waits for it is superseded."""
    del body
    return WebhookOut.of(service.turn(webhook_id, is_on=False, actor=actor()))


@operation("POST", f"{ONE}/renew", scope=Scope.ADMIN, body=Nothing, answers=WebhookOut)
def renew_outgoing_webhook(*, webhook_id: int, body: Nothing) -> WebhookOut:
    """Sign with a new secret from now on; only this answer has it."""
    del body
    secret = service.renew_secret(webhook_id, actor=actor())
    return WebhookOut.of(queries.get(webhook_id), secret)


@operation("POST", f"{ONE}/delete", scope=Scope.ADMIN, body=Nothing, answers=WebhookOut)
def delete_outgoing_webhook(*, webhook_id: int, body: Nothing) -> WebhookOut:
    """Forget an outgoing webhook; the answer is what it was."""
    del body
    shown = WebhookOut.of(queries.get(webhook_id))
    service.delete(webhook_id, actor=actor())
    return shown


@operation("GET", f"{ONE}/deliveries", scope=Scope.ADMIN, query=Page, answers=ListOf[DeliveryOut])
def list_deliveries(*, webhook_id: int, query: Page) -> ListOf[DeliveryOut]:
    """List what was written to an outgoing webhook, newest first."""
    queries.get(webhook_id)
    page = queries.deliveries(webhook_id, after=query.cursor, limit=query.limit)
    return ListOf[DeliveryOut](items=[DeliveryOut.of(message) for message in page.items], next=page.next)


@operation(
    "POST",
    f"{ONE}/deliveries/<int:message_id>/replay",
    scope=Scope.ADMIN,
    body=Nothing,
    answers=DeliveryOut,
    statuses=(HTTPStatus.CREATED,),
)
def replay_delivery(*, webhook_id: int, message_id: int, body: Nothing) -> DeliveryOut:
    """Send a change once more, after all that waits; the event keeps its id."""
    del body
    return DeliveryOut.of(service.replay(webhook_id, message_id, actor=actor()))
