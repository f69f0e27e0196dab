// What the check asks for by GraphQL.

export const SALE = `mutation Sale($input: PaymentSaleInput!) {
  paymentSale(input: $input) { payment { id status } userErrors { code message } }
}`;
export const REFUND = `mutation Refund($input: PaymentRefundInput!) {
  paymentRefund(input: $input) { payment { id } userErrors { code message } }
}`;
export const LINK = `mutation Link($input: PaymentLinkCreateInput!) {
  paymentLinkCreate(input: $input) { paymentLink { id } userErrors { code message } }
}`;
export const CREATE = `mutation Create($input: WebhookEndpointCreateInput!) {
  webhookEndpointCreate(input: $input) { secret webhookEndpoint { id } userErrors { code message } }
}`;
export const ROTATE = `mutation Rotate($input: WebhookEndpointRotateSecretInput!) {
  webhookEndpointRotateSecret(input: $input) { secret nextSecret userErrors { code message } }
}`;
export const REVEAL = `mutation Reveal($input: WebhookEndpointRevealSecretInput!) {
  webhookEndpointRevealSecret(input: $input) { secret userErrors { code message } }
}`;
export const DELIVERIES = `query Deliveries($after: String) {
  webhookDeliveries(first: 100, after: $after) {
    nodes { endpointId messageId eventName status lastStatus lastFailure attemptCount body }
    pageInfo { hasNextPage endCursor }
  }
}`;
export const WAITING = `{
  last: webhookDeliveries(first: 1) { nodes { id } }
  pending: webhookDeliveries(first: 1, filter: { status: PENDING }) { nodes { id eventName } }
  sending: webhookDeliveries(first: 1, filter: { status: SENDING }) { nodes { id eventName } }
}`;
export const CONFIRM = `mutation Confirm($input: IntentConfirmInput!) {
  intentConfirm(input: $input) { intent { id status } userErrors { code message } }
}`;
