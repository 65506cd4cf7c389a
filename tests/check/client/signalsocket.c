/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The opening of a WebSocket: towards servers that send it elsewhere, and the
 * address of this device that an open one is bound to. */

#include "program.h"

#include <gst/videomeet/client/signalsocket.h>
#include <gst/videomeet/trust/keys/vmidentity-priv.h>
#include <libsoup/soup.h>

#define DEADLINE_MS 60000 /* a sanitizer on a busy machine is slow */

/* A server that the client is told of, and another that it must not find. */
static SoupServer *told, *elsewhere;
static gchar *told_uri, *elsewhere_uri; /* without a path */
static guint asked, found;
static guint status; /* what the first answers */

static gchar *
serve (SoupServer *server)
{
  g_autoptr (GError) error = NULL;
  GSList *uris;
  gchar *uri;

  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  uri = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return uri;
}

static void
on_asked (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  g_autofree gchar *location = g_strconcat (elsewhere_uri, "/ws", NULL);

  asked++;
  soup_server_message_set_redirect (message, status, location);
}

static void
on_found (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  found++;
  soup_server_message_set_status (message, 404, NULL);
}

static void
on_welcomed (SoupServer *server, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *connection, gpointer user_data)
{
  found++;
}

static void
setup (void)
{
  static char *protocols[] = { (char *) "videomeet.v2", NULL };

  asked = found = 0;
  told = soup_server_new (NULL, NULL);
  soup_server_add_handler (told, NULL, on_asked, NULL, NULL);
  elsewhere = soup_server_new (NULL, NULL);
  soup_server_add_handler (elsewhere, NULL, on_found, NULL, NULL);
  soup_server_add_websocket_handler (
      elsewhere, "/ws", NULL, protocols, on_welcomed, NULL, NULL);
  told_uri = serve (told);
  elsewhere_uri = serve (elsewhere);
}

static void
teardown (void)
{
  soup_server_disconnect (told);
  soup_server_disconnect (elsewhere);
  g_clear_object (&told);
  g_clear_object (&elsewhere);
  g_clear_pointer (&told_uri, g_free);
  g_clear_pointer (&elsewhere_uri, g_free);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static SoupWebsocketConnection *
open_socket (const VmSignalSocketConfig *config, GError **error)
{
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autoptr (SoupSession) session = vm_signal_socket_session_new (told_uri);
  g_autoptr (GAsyncResult) result = NULL;

  vm_signal_socket_open_async (
      session, identity, config, NULL, on_done, &result);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  return vm_signal_socket_open_finish (session, result, error);
}

static const guint redirections[] = { 301, 302, 303, 307, 308 };

static void
check_not_followed (guint redirection, const VmSignalSocketConfig *config)
{
  g_autoptr (GError) error = NULL;

  status = redirection;
  fail_unless (open_socket (config, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
  fail_unless_equals_int (asked, 1);
  fail_unless_equals_int (found, 0);
}

GST_START_TEST (test_device_does_not_send_us_elsewhere)
{
  const VmSignalSocketConfig config = {
    .base_uri = told_uri, .ticket = "t", .timeout_ms = DEADLINE_MS
  };

  check_not_followed (redirections[__i__], &config);
}

GST_END_TEST;

GST_START_TEST (test_room_server_does_not_send_us_elsewhere)
{
  g_autofree gchar *uri = g_strdup_printf ("ws%s/", told_uri + 4);
  const VmSignalSocketConfig config = { .uri = uri, .timeout_ms = DEADLINE_MS };

  check_not_followed (redirections[__i__], &config);
}

GST_END_TEST;

/* That it could be found: the other server does take sockets. */
GST_START_TEST (test_the_other_server_takes_sockets)
{
  const VmSignalSocketConfig config = {
    .base_uri = elsewhere_uri, .ticket = "t", .timeout_ms = DEADLINE_MS
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket = open_socket (&config, &error);

  g_assert_no_error (error);
  fail_unless (socket != NULL);
  fail_unless_equals_int (found, 1);
}

GST_END_TEST;

/* @secure: the server shows its key over TLS. */
static void
check_local_address (gboolean secure)
{
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autofree gchar *uri = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket = NULL;
  VmSignalSocketConfig config = { .ticket = "t", .timeout_ms = DEADLINE_MS };
  GSList *uris;

  if (secure) {
    soup_server_disconnect (elsewhere);
    soup_server_set_tls_certificate (
        elsewhere, vm_identity_get_tls_certificate (identity));
    soup_server_listen_local (elsewhere, 0,
        SOUP_SERVER_LISTEN_IPV4_ONLY | SOUP_SERVER_LISTEN_HTTPS, &error);
    g_assert_no_error (error);
    config.key_hash = vm_identity_get_key_hash (identity);
  }
  uris = soup_server_get_uris (elsewhere);
  uri = g_strdup_printf (
      "http%s://127.0.0.1:%d", secure ? "s" : "", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  config.base_uri = uri;
  socket = open_socket (&config, &error);
  g_assert_no_error (error);
  fail_unless_equals_string (
      vm_signal_socket_get_local_address (socket), "127.0.0.1");
}

GST_START_TEST (test_local_address_without_tls)
{
  check_local_address (FALSE);
}

GST_END_TEST;

GST_START_TEST (test_local_address_with_tls)
{
  check_local_address (TRUE);
}

GST_END_TEST;

static Suite *
signalsocket_suite (void)
{
  Suite *s = suite_create ("signalsocket");
  TCase *tc = tcase_create ("signalsocket");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 80);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_device_does_not_send_us_elsewhere, 0,
      G_N_ELEMENTS (redirections));
  tcase_add_loop_test (tc, test_room_server_does_not_send_us_elsewhere, 0,
      G_N_ELEMENTS (redirections));
  tcase_add_test (tc, test_the_other_server_takes_sockets);
  tcase_add_test (tc, test_local_address_without_tls);
  tcase_add_test (tc, test_local_address_with_tls);
  return s;
}

CHECK_PROGRAM (signalsocket)
