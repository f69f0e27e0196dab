// The GraphiQL page of Tahsil: the editor, our endpoint, and nothing that reaches another host.
//
// The editor's tabs and history hold request headers (API keys) and variables (card numbers). GraphiQL would keep them in
// localStorage; here they live in sessionStorage and end with the browser tab.

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './page.css';

const QUERY = `# 1. Put a secret key (esk_test_…) into Headers.
# 2. Press Ctrl-Enter.
{
  payments(first: 5) {
    nodes {
      id
      status
      amount {
        amount
        currency
      }
      createdAt
    }
  }
}
`;

const endpoint = new URL('/graphql', window.location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

// Both are resolved against this host, so `connect-src 'self'` covers them. Headers of the editor become the payload of
// `connection_init` when an operation is a subscription.
const fetcher = createGraphiQLFetcher({ url: endpoint.href, subscriptionUrl: socket.href });

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={QUERY}
    defaultHeaders={'{"X-API-Key": ""}'}
    defaultEditorToolsVisibility="headers"
    showPersistHeadersSettings={false}
    storage={window.sessionStorage}
  >
    <GraphiQL.Logo>Tahsil</GraphiQL.Logo>
  </GraphiQL>,
);
