// The GraphiQL page of Tahsil: a field for the key, the editor, our endpoint, and nothing that reaches another host.
//
// The key has a field of its own, because GraphiQL writes its headers into tabs and history. Variables may hold card
// numbers, and GraphiQL would keep them in localStorage. Here both live in sessionStorage: they survive a reload, no other
// tab sees them, and they end with this one.

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { parse } from 'graphql';
import { CloseCode, createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './page.css';

const QUERY = `# 1. Put a test key (esk_test_…) into the field above.
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

const storage = window.sessionStorage;
const KEY = 'tahsil:key';
let key = storage.getItem(KEY) ?? '';

const keep = (event) => {
  key = event.target.value.trim();
  storage.setItem(KEY, key);
};

// What a socket is closed with when its key is refused. The client would show it five times more before it says so.
const refused = ({ code }) => code === CloseCode.Forbidden;

const endpoint = new URL('/graphql', window.location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

// Both are resolved against this host, so `connect-src 'self'` covers them. A subscription opens a socket of its own and
// shows the key in `connection_init`, because a browser can set no header on a socket.
const fetcher = (operation) => {
  const headers = key ? { 'x-api-key': key } : {};
  const wsClient = createClient({ url: socket.href, connectionParams: headers, shouldRetry: (event) => !refused(event) });
  const send = createGraphiQLFetcher({ url: endpoint.href, headers, wsClient });
  return send(operation, { documentAST: syntaxTree(operation.query) });
};

// What tells subscriptions from the rest. GraphiQL's own is a moment behind the keyboard, so that a subscription which is
// pasted and run at once would be posted.
function syntaxTree(query) {
  try {
    return parse(query);
  } catch {
    return undefined; // The server says what is wrong with it.
  }
}

// No spelling check, because some browsers ask a server for it.
createRoot(document.getElementById('graphiql')).render(
  <>
    <label className="key">
      API key
      <input
        type="text"
        name="key"
        defaultValue={key}
        onChange={keep}
        placeholder="esk_test_…"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      <small>kept in this tab only</small>
    </label>
    <div className="editor">
      <GraphiQL
        fetcher={fetcher}
        defaultQuery={QUERY}
        defaultEditorToolsVisibility="variables"
        isHeadersEditorEnabled={false}
        shouldPersistHeaders={false}
        storage={storage}
      >
        <GraphiQL.Logo>Tahsil</GraphiQL.Logo>
      </GraphiQL>
    </div>
  </>,
);
