/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/signalsocket.h"
#include "base/vmtimer-priv.h"

/* What an open socket has with it: its address on this device. */
#define LOCAL_ADDRESS "vm-local-address"

/* One attempt; the data of its GTask. */
typedef struct
{
  SoupMessage *message;
  GCancellable *cancellable; /* own: time-out and caller both trip it */
  gulong caller_handler;
  GSource *timeout;
  gchar *local_address; /* NULL until it is connected */
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  vm_timer_clear (&attempt->timeout);
  g_clear_object (&attempt->message);
  g_clear_object (&attempt->cancellable);
  g_free (attempt->local_address);
  g_free (attempt);
}

static void
on_caller_cancelled (GCancellable *caller, GCancellable *own)
{
  g_cancellable_cancel (own);
}

static gboolean
on_timeout (gpointer data)
{
  Attempt *attempt = data;

  g_cancellable_cancel (attempt->cancellable);
  return G_SOURCE_REMOVE;
}

/* The stream of an open socket is one of libsoup's own, whatever is below it:
 * the TCP connection shows itself here alone. Of several the last is used. */
static void
on_network_event (SoupMessage *message, GSocketClientEvent event,
    GIOStream *stream, Attempt *attempt)
{
  g_autoptr (GSocketAddress) address = NULL;

  if (event != G_SOCKET_CLIENT_CONNECTED || !G_IS_SOCKET_CONNECTION (stream))
    return;
  address = g_socket_connection_get_local_address (
      G_SOCKET_CONNECTION (stream), NULL);
  g_clear_pointer (&attempt->local_address, g_free);
  if (G_IS_INET_SOCKET_ADDRESS (address))
    attempt->local_address = g_inet_address_to_string (
        g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static GError *
explain (GTask *task, GError *error)
{
  Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GError) cause = error;
  GError *refusal;

  if (g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    return g_error_new (
        G_IO_ERROR, G_IO_ERROR_CANCELLED, "Joining was cancelled");
  if (g_cancellable_is_cancelled (attempt->cancellable))
    return g_error_new (VM_ERROR, VM_ERROR_TIMEOUT,
        "The host's server did not open the connection in time");
  refusal = vm_server_key_take_error (attempt->message);
  if (refusal)
    return refusal;
  if (g_object_get_data (G_OBJECT (attempt->message), "vm-wrong-key"))
    return g_error_new (VM_ERROR, VM_ERROR_WRONG_KEY,
        "The host's server shows another key than before");
  if (cause->domain == G_TLS_ERROR
      && cause->code == G_TLS_ERROR_BAD_CERTIFICATE)
    return g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Nobody whom this system trusts vouches for the server's certificate");
  return g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "The server cannot be connected to: %s", cause->message);
}

static void
on_socket (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;
  SoupWebsocketConnection *socket = soup_session_websocket_connect_finish (
      SOUP_SESSION (source), result, &error);

  if (attempt->caller_handler)
    g_cancellable_disconnect (
        g_task_get_cancellable (task), attempt->caller_handler);
  g_signal_handlers_disconnect_by_data (attempt->message, attempt);
  if (socket)
    g_object_set_data_full (G_OBJECT (socket), LOCAL_ADDRESS,
        g_steal_pointer (&attempt->local_address), g_free);
  if (socket)
    g_task_return_pointer (task, socket, g_object_unref);
  else
    g_task_return_error (task, explain (task, error));
}

gboolean
vm_signal_host_is_loopback (const gchar *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address ? g_inet_address_get_is_loopback (address)
                 : g_ascii_strcasecmp (host, "localhost") == 0;
}

static gboolean
is_on_this_machine (GUri *uri)
{
  return uri && g_uri_get_host (uri)
         && vm_signal_host_is_loopback (g_uri_get_host (uri));
}

gboolean
vm_signal_uri_is_own_machine (const gchar *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, SOUP_HTTP_URI_FLAGS, NULL);

  return is_on_this_machine (parsed);
}

SoupSession *
vm_signal_socket_session_new (const gchar *uri)
{
  SoupSession *session = soup_session_new_with_options (
      "timeout", 0, "user-agent", "gst-videomeet/" PACKAGE_VERSION, NULL);

  /* what is on this machine needs no authority, and has no proxy before it */
  if (vm_signal_uri_is_own_machine (uri)) {
    soup_session_set_tls_database (session, NULL);
    soup_session_set_proxy_resolver (session, NULL);
  }
  return session;
}

static gboolean
accept_own_machine (SoupMessage *message, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  return is_on_this_machine (soup_message_get_uri (message));
}

void
vm_signal_socket_trust_own_machine (SoupMessage *message)
{
  g_signal_connect (
      message, "accept-certificate", G_CALLBACK (accept_own_machine), NULL);
}

static SoupMessage *
make_message (const VmSignalSocketConfig *config)
{
  g_autofree gchar *ticket =
      config->ticket ? g_uri_escape_string (config->ticket, NULL, FALSE) : NULL;
  /* http -> ws, https -> wss */
  g_autofree gchar *text =
      config->uri ? g_strdup (config->uri)
                  : g_strdup_printf ("ws%s%s%s%s", config->base_uri + 4,
                      config->path ? config->path : "/ws",
                      ticket ? "?ticket=" : "", ticket ? ticket : "");
  /* relaxed: a link-local address carries its interface as "%eth0" */
  g_autoptr (GUri) uri =
      g_uri_parse (text, SOUP_HTTP_URI_FLAGS | G_URI_FLAGS_PARSE_RELAXED, NULL);

  return uri ? soup_message_new_from_uri ("GET", uri) : NULL;
}

void
vm_signal_socket_open_async (SoupSession *session, VmIdentity *identity,
    const VmSignalSocketConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (session, cancellable, callback, user_data);
  gchar *protocols[] = {
    (gchar *) (config->protocol ? config->protocol : "videomeet.v2"), NULL
  };
  Attempt *attempt = g_new0 (Attempt, 1);

  g_task_set_task_data (task, attempt, (GDestroyNotify) attempt_free);
  attempt->message = make_message (config);
  if (!attempt->message) {
    g_task_return_new_error (task, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        config->uri ? "The server's address is none"
                    : "The host's server gave a ticket that is none");
    g_object_unref (task);
    return;
  }
  attempt->cancellable = g_cancellable_new ();
  g_signal_connect (attempt->message, "network-event",
      G_CALLBACK (on_network_event), attempt);
  /* a redirection could lead to any other machine, and out of TLS */
  soup_message_add_flags (attempt->message, SOUP_MESSAGE_NO_REDIRECT);
  if (config->uri) {
    vm_signal_socket_trust_own_machine (attempt->message);
    if (config->server_key)
      vm_server_key_watch (config->server_key, attempt->message);
    vm_http_set_bearer (attempt->message, config->bearer);
  } else {
    vm_http_pin_message (attempt->message, config->key_hash);
    soup_message_set_tls_client_certificate (
        attempt->message, vm_identity_get_tls_certificate (identity));
  }
  if (cancellable)
    attempt->caller_handler = g_cancellable_connect (cancellable,
        G_CALLBACK (on_caller_cancelled), attempt->cancellable, NULL);
  attempt->timeout = vm_timer_new (
      g_task_get_context (task), config->timeout_ms, on_timeout, attempt);
  soup_session_websocket_connect_async (session, attempt->message, NULL,
      config->uri && !config->protocol ? NULL : protocols, G_PRIORITY_DEFAULT,
      attempt->cancellable, on_socket, task);
}

SoupWebsocketConnection *
vm_signal_socket_open_finish (
    SoupSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, session), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

const gchar *
vm_signal_socket_get_local_address (SoupWebsocketConnection *socket)
{
  return g_object_get_data (G_OBJECT (socket), LOCAL_ADDRESS);
}
