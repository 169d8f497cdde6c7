import { fetch, type Agent, type RequestInit as AgentRequestInit } from 'undici';

/** `fetch` over connections of our own, whose time-outs are ours: the platform's own ends a stream after five minutes. */
export async function agentFetch(url: string | URL | Request, init: RequestInit = {}, agent: Agent): Promise<Response> {
  // Two versions of the same library, the platform's and this one, type the same standard apart.
  const { headers, method, body, signal } = init;
  const asked: AgentRequestInit = {
    dispatcher: agent,
    ...(method !== undefined && { method }),
    ...(signal && { signal }),
    ...(headers !== undefined && { headers: [...new Headers(headers)] }),
    ...(typeof body === 'string' && { body }),
  };
  const response: object = await fetch(url instanceof Request ? url.url : url, asked);
  return response as Response;
}
