/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"

#include <gst/videomeet/client/admission.h>
#include <gst/videomeet/client/httpclient.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#define DEADLINE_MS 60000 /* a sanitizer on a busy machine is slow */
#define HANG_UPS 100
#define HANG_UP_TURNS 10 /* of the main loop, until a request is answered */
/* a well-formed hash that is nobody's: 32 bytes of 0xff */
#define NOBODY "__________________________________________8"

static gchar *folder;
static VmIdentity *identity;
static SoupServer *server;
static VmHttpClient *client;
static guint requests;
static GHashTable *sockets;
static gsize answer_size;
static GPtrArray *paused;

static void
on_request (SoupServer *from, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  requests++;
  g_hash_table_add (
      sockets, g_object_ref (soup_server_message_get_socket (message)));
  if (!strcmp (path, "/silent")) {
    soup_server_message_pause (message);
    g_ptr_array_add (paused, g_object_ref (message));
  } else if (!strcmp (path, "/long")) {
    soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_TAKE,
        g_strnfill (answer_size, 'x'), answer_size);
    soup_server_message_set_status (message, 200, NULL);
  } else if (!strcmp (path, "/elsewhere")) {
    soup_server_message_set_redirect (message, 302, "/status");
  } else if (!strcmp (path, "/echo")) {
    SoupMessageBody *body = soup_server_message_get_request_body (message);

    soup_server_message_set_response (message,
        soup_message_headers_get_content_type (
            soup_server_message_get_request_headers (message), NULL),
        SOUP_MEMORY_COPY, body->data, body->length);
    soup_server_message_set_status (message, 200, NULL);
  } else if (!strcmp (path, "/status")) {
    soup_server_message_set_response (
        message, "application/json", SOUP_MEMORY_STATIC, "{}", 2);
    soup_server_message_set_status (message, 200, NULL);
  } else {
    soup_server_message_set_status (message, 404, NULL);
  }
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-httpclient-XXXXXX", NULL);
  identity = vm_identity_load (folder, NULL);
  server = soup_server_new (
      "tls-certificate", vm_identity_get_tls_certificate (identity), NULL);
  soup_server_add_handler (server, NULL, on_request, NULL, NULL);
  client = vm_http_client_new (identity);
  requests = 0;
  sockets = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  paused = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
teardown (void)
{
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);

  g_clear_object (&client);
  g_clear_pointer (&paused, g_ptr_array_unref);
  soup_server_disconnect (server);
  g_clear_object (&server);
  g_clear_object (&identity);
  g_clear_pointer (&sockets, g_hash_table_unref);
  g_unlink (file);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

static gchar *
serve (gboolean secure, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;

  soup_server_listen_local (server, 0,
      SOUP_SERVER_LISTEN_IPV4_ONLY | (secure ? SOUP_SERVER_LISTEN_HTTPS : 0),
      &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  return g_strdup_printf ("%s://127.0.0.1:%d%s", secure ? "https" : "http",
      g_uri_get_port (uris->data), path);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* On all its connections. */
static void
hang_up (void)
{
  GHashTableIter iter;
  gpointer socket;

  g_hash_table_iter_init (&iter, sockets);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
  g_hash_table_remove_all (sockets);
}

static VmHttpReply *
send_full (const gchar *method, const gchar *uri, const gchar *expected,
    GBytes *body, guint timeout_ms, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  vm_http_client_send_async (client, method, uri, expected, body, timeout_ms,
      cancellable, on_done, &result);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  return vm_http_client_send_finish (client, result, error);
}

static VmHttpReply *
get (const gchar *uri, const gchar *expected, GError **error)
{
  return send_full ("GET", uri, expected, NULL, DEADLINE_MS, NULL, error);
}

GST_START_TEST (test_plain)
{
  g_autofree gchar *uri = serve (FALSE, "/status");
  g_autoptr (GError) error = NULL;
  g_autoptr (VmHttpReply) reply = get (uri, NULL, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (reply->status, 200);
  fail_unless_equals_int (g_bytes_get_size (reply->body), 2);
  fail_unless (reply->key_hash == NULL);
}

GST_END_TEST;

GST_START_TEST (test_body_and_error_status)
{
  g_autofree gchar *uri = serve (FALSE, "/echo");
  g_autofree gchar *nowhere = g_strconcat (uri, "/nowhere", NULL);
  g_autoptr (GBytes) body = g_bytes_new_static ("{\"a\":1}", 7);
  g_autoptr (VmHttpReply) reply =
      send_full ("POST", uri, NULL, body, DEADLINE_MS, NULL, NULL);
  g_autoptr (VmHttpReply) missing = get (nowhere, NULL, NULL);

  fail_unless (g_bytes_equal (reply->body, body));
  fail_unless_equals_int (missing->status, 404);
}

GST_END_TEST;

GST_START_TEST (test_key_is_reported_and_connection_kept)
{
  g_autofree gchar *uri = serve (TRUE, "/status");
  const gchar *hash = vm_identity_get_key_hash (identity);

  for (guint i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmHttpReply) reply = get (uri, i ? hash : NULL, &error);

    g_assert_no_error (error);
    fail_unless_equals_string (reply->key_hash, hash);
  }
  fail_unless_equals_int (requests, 3);
  fail_unless_equals_int (g_hash_table_size (sockets), 1);
}

GST_END_TEST;

GST_START_TEST (test_wrong_key_sends_nothing)
{
  g_autofree gchar *uri = serve (TRUE, "/status");
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) error2 = NULL;
  g_autoptr (VmHttpReply) good = NULL;

  fail_unless (get (uri, NOBODY, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  fail_unless_equals_int (requests, 0);

  /* nor over the connection that another message had accepted */
  good = get (uri, NULL, NULL);
  fail_unless_equals_int (good->status, 200);
  fail_unless (get (uri, NOBODY, &error2) == NULL);
  g_assert_error (error2, VM_ERROR, VM_ERROR_WRONG_KEY);
  fail_unless_equals_int (requests, 1);
}

GST_END_TEST;

/* A server that ends in whatever moment of a request was cut off, and nobody
 * has cancelled anything. */
GST_START_TEST (test_hung_up)
{
  g_autofree gchar *uri = serve (TRUE, "/status");

  for (guint i = 0; i < HANG_UPS; i++) {
    g_autoptr (VmHttpReply) first = get (uri, NULL, NULL);
    g_autoptr (VmHttpReply) reply = NULL;
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GError) error = NULL;

    fail_unless (first != NULL);
    vm_http_client_send_async (
        client, "GET", uri, NULL, NULL, DEADLINE_MS, NULL, on_done, &result);
    for (guint turn = 0; turn < i % HANG_UP_TURNS && !result; turn++)
      g_main_context_iteration (NULL, FALSE);
    hang_up ();
    while (!result)
      g_main_context_iteration (NULL, TRUE);
    reply = vm_http_client_send_finish (client, result, &error);
    if (!reply)
      g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
  }
}

GST_END_TEST;

static gboolean
hang_up_one (GSignalInvocationHint *hint, guint n_values, const GValue *values,
    gpointer socket)
{
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
  return FALSE;
}

/* Two connections are kept, and one of them ends as a request takes it: the
 * request is sent again, and answered. */
GST_START_TEST (test_hung_up_on_one_of_two)
{
  g_autofree gchar *uri = serve (FALSE, "/status");
  g_autoptr (GTypeClass) class = g_type_class_ref (SOUP_TYPE_MESSAGE);
  guint starting = g_signal_lookup ("starting", SOUP_TYPE_MESSAGE);
  gboolean again = FALSE; /* over a third connection */

  /* which of the two is taken is libsoup's choice */
  for (guint i = 0; i < HANG_UPS && !again; i++) {
    GAsyncResult *results[2] = { NULL, NULL };
    g_autofree gpointer *kept = NULL;
    g_autoptr (VmHttpReply) reply = NULL;
    g_autoptr (GError) error = NULL;
    guint n = 0;

    for (guint k = 0; k < 2; k++)
      vm_http_client_send_async (client, "GET", uri, NULL, NULL, DEADLINE_MS,
          NULL, on_done, &results[k]);
    for (guint k = 0; k < 2; k++) {
      while (!results[k])
        g_main_context_iteration (NULL, TRUE);
      vm_http_reply_free (
          vm_http_client_send_finish (client, results[k], NULL));
      g_object_unref (results[k]);
    }
    kept = g_hash_table_get_keys_as_array (sockets, &n);
    fail_unless_equals_int (n, 2);
    g_signal_add_emission_hook (starting, 0, hang_up_one, kept[i % 2], NULL);
    reply = get (uri, NULL, &error);
    g_assert_no_error (error);
    fail_unless_equals_int (reply->status, 200);
    again = g_hash_table_size (sockets) > 2;
    hang_up ();
  }
  fail_unless (again);
}

GST_END_TEST;

GST_START_TEST (test_timeout)
{
  g_autofree gchar *uri = serve (FALSE, "/silent");
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  fail_unless (send_full ("GET", uri, NULL, NULL, 100, NULL, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_TIMEOUT);
  fail_unless (g_get_monotonic_time () - start >= 100 * 1000);
}

GST_END_TEST;

static gboolean
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

GST_START_TEST (test_cancel)
{
  g_autofree gchar *uri = serve (FALSE, "/silent");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_idle_add (cancel, cancellable);
  fail_unless (
      send_full ("GET", uri, NULL, NULL, DEADLINE_MS, cancellable, &error)
      == NULL);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

GST_END_TEST;

/* Runs in the place where a request has been written. */
static gboolean
answer_at_once (GSignalInvocationHint *hint, guint n_values,
    const GValue *values, gpointer context)
{
  guint before = requests;

  while (requests == before || g_main_context_pending (context))
    g_main_context_iteration (context, TRUE);
  return FALSE;
}

/* Before all else that waits: libsoup has the answer, and has not told of it.
 */
static gboolean
cancel_soon (GSignalInvocationHint *hint, guint n_values, const GValue *values,
    gpointer cancellable)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, cancel, cancellable, NULL);
  g_source_attach (source, NULL);
  return FALSE;
}

GST_START_TEST (test_cancel_of_what_is_answered)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GTypeClass) class = g_type_class_ref (SOUP_TYPE_MESSAGE);
  g_autofree gchar *uri = NULL;

  g_main_context_push_thread_default (context);
  uri = serve (FALSE, "/status");
  g_main_context_pop_thread_default (context);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;

    g_signal_add_emission_hook (
        g_signal_lookup ("wrote-headers", SOUP_TYPE_MESSAGE), 0, answer_at_once,
        context, NULL);
    g_signal_add_emission_hook (
        g_signal_lookup ("got-headers", SOUP_TYPE_MESSAGE), 0, cancel_soon,
        cancellable, NULL);
    fail_unless (
        send_full ("GET", uri, NULL, NULL, DEADLINE_MS, cancellable, &error)
        == NULL);
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  }
  fail_unless_equals_int (requests, 3);
  soup_server_disconnect (server);
  while (g_main_context_iteration (context, FALSE))
    ;
}

GST_END_TEST;

GST_START_TEST (test_answer_at_below_and_above_the_limit)
{
  g_autofree gchar *uri = serve (FALSE, "/long");

  for (answer_size = VM_HTTP_BODY_MAX - 1; answer_size <= VM_HTTP_BODY_MAX + 1;
       answer_size++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmHttpReply) reply = get (uri, NULL, &error);

    fail_unless_equals_int (reply != NULL, answer_size <= VM_HTTP_BODY_MAX);
    if (reply) {
      fail_unless_equals_int (g_bytes_get_size (reply->body), answer_size);
    } else {
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_redirection_is_not_followed)
{
  g_autofree gchar *uri = serve (FALSE, "/elsewhere");
  g_autoptr (VmHttpReply) reply = get (uri, NULL, NULL);

  fail_unless_equals_int (reply->status, 302);
  fail_unless_equals_int (requests, 1);
}

GST_END_TEST;

GST_START_TEST (test_no_address_and_nobody_there)
{
  g_autofree gchar *uri = serve (FALSE, "/status");
  const gchar *bad[] = { "", "status", "ftp://127.0.0.1/", "http://", NULL };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; bad[i]; i++) {
    g_autoptr (GError) local = NULL;

    fail_unless (get (bad[i], NULL, &local) == NULL);
    g_assert_error (local, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
  soup_server_disconnect (server);
  fail_unless (get (uri, NULL, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

/* Nobody is trusted where nothing says who is; the host is not even asked. */
GST_START_TEST (test_admission_without_a_store)
{
  g_autofree gchar *uri = serve (TRUE, "");
  const VmSignalClientConfig config = { .base_uri = uri,
    .policy = VM_POLICY_REQUIRE,
    .meeting = "standup",
    .user = "Bob",
    .timeout_ms = DEADLINE_MS };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  vm_admission_ask_async (client, identity, &config, NULL, on_done, &result);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  fail_if (vm_admission_ask_finish (client, result, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_unless_equals_int (requests, 0);
}

GST_END_TEST;

static Suite *
httpclient_suite (void)
{
  Suite *s = suite_create ("httpclient");
  TCase *tc = tcase_create ("httpclient");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_plain);
  tcase_add_test (tc, test_body_and_error_status);
  tcase_add_test (tc, test_key_is_reported_and_connection_kept);
  tcase_add_test (tc, test_wrong_key_sends_nothing);
  tcase_add_test (tc, test_hung_up);
  tcase_add_test (tc, test_hung_up_on_one_of_two);
  tcase_add_test (tc, test_timeout);
  tcase_add_test (tc, test_cancel);
  tcase_add_test (tc, test_cancel_of_what_is_answered);
  tcase_add_test (tc, test_answer_at_below_and_above_the_limit);
  tcase_add_test (tc, test_redirection_is_not_followed);
  tcase_add_test (tc, test_no_address_and_nobody_there);
  tcase_add_test (tc, test_admission_without_a_store);
  return s;
}

CHECK_PROGRAM (httpclient)
