/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Notifications, to a server that checks each request as Gotify documents it
 * (https://gotify.net/docs/pushmsg), and to some that are none. */

#include "program.h"

#include <gst/videomeet/client/notify.h>
#include <gst/videomeet/vmerror.h>
#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <string.h>

#define KEY "AbCdEf.123_-xyz"
#define DEADLINE_MS 60000 /* a sanitizer on a busy machine is slow */

static SoupServer *server;
static GPtrArray *bodies; /* of each request, text */
static GArray *answers; /* of the next ones: a status; else 200 */
static GMutex lock; /* of what vm-notify logs */
static GString *logged;
static GPtrArray *held; /* SoupServerMessage, which are not answered */
static gboolean holds, half;
static gsize answer_size;
static guint handlers[2]; /* of what is logged, for the whole process */

static const VmNotifyTimes patient = { DEADLINE_MS, 1, 4 };

static void
check_request (SoupServerMessage *message, const gchar *path)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);

  fail_unless_equals_string (soup_server_message_get_method (message), "POST");
  fail_unless_equals_string (path, "/gotify/message");
  fail_unless_equals_string (
      soup_message_headers_get_one (headers, "X-Gotify-Key"), KEY);
  fail_unless_equals_string (
      soup_message_headers_get_content_type (headers, NULL),
      "application/json");
  fail_unless (g_uri_get_query (soup_server_message_get_uri (message)) == NULL);
}

/* <namespace>::<name>, each an object */
static void
check_extras (JsonObject *extras)
{
  g_autoptr (GList) names = json_object_get_members (extras);

  for (GList *l = names; l; l = l->next) {
    fail_unless (g_regex_match_simple ("^[a-z]+(::[a-z]+)+$", l->data, 0, 0),
        "%s", (gchar *) l->data);
    fail_unless (
        JSON_NODE_HOLDS_OBJECT (json_object_get_member (extras, l->data)));
  }
}

static void
check_body (const gchar *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  JsonObject *body;
  gint64 priority;

  fail_unless (node && JSON_NODE_HOLDS_OBJECT (node), "%s", text);
  body = json_node_get_object (node);
  fail_unless_equals_int (json_object_get_size (body), 4);
  fail_unless (*json_object_get_string_member (body, "title"));
  fail_unless (*json_object_get_string_member (body, "message"));
  priority = json_object_get_int_member (body, "priority");
  fail_unless (priority >= 0 && priority <= 10);
  check_extras (json_object_get_object_member (body, "extras"));
}

static void
on_request (SoupServer *from, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  gchar *text = g_strndup (body->data, body->length);
  guint status = 200;

  check_request (message, path);
  check_body (text);
  g_ptr_array_add (bodies, text);
  if (answers->len) {
    status = g_array_index (answers, guint, 0);
    g_array_remove_index (answers, 0);
  }
  if (status == 302)
    soup_message_headers_replace (
        soup_server_message_get_response_headers (message), "Location",
        "/elsewhere");
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "application/json",
      SOUP_MEMORY_TAKE, g_strnfill (answer_size, ' '), answer_size);
  if (half) {
    SoupMessageHeaders *headers =
        soup_server_message_get_response_headers (message);

    /* says that it has more than comes */
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_CONTENT_LENGTH);
    soup_message_headers_set_content_length (headers, answer_size + 10);
  }
  if (holds) {
    g_ptr_array_add (held, g_object_ref (message));
    soup_server_message_pause (message);
  }
}

static void
on_log (const gchar *domain, GLogLevelFlags level, const gchar *text,
    gpointer user_data)
{
  g_mutex_lock (&lock);
  g_string_append_printf (logged, "%s\n", text);
  g_mutex_unlock (&lock);
}

static gboolean
has_logged (const gchar *part)
{
  gboolean found;

  g_mutex_lock (&lock);
  found = strstr (logged->str, part) != NULL;
  g_mutex_unlock (&lock);
  return found;
}

static void
setup (void)
{
  g_autoptr (GError) error = NULL;

  server = soup_server_new ("server-header", "Test", NULL);
  bodies = g_ptr_array_new_with_free_func (g_free);
  answers = g_array_new (FALSE, FALSE, sizeof (guint));
  held = g_ptr_array_new_with_free_func (g_object_unref);
  logged = g_string_new (NULL);
  holds = half = FALSE;
  answer_size = 2;
  soup_server_add_handler (server, NULL, on_request, NULL, NULL);
  fail_unless (soup_server_listen_local (
                   server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error),
      "%s", error ? error->message : "");
  handlers[0] = g_log_set_handler (NULL, G_LOG_LEVEL_MASK, on_log, NULL);
  handlers[1] = g_log_set_handler ("videomeet", G_LOG_LEVEL_MASK, on_log, NULL);
}

static void
teardown (void)
{
  g_log_remove_handler (NULL, handlers[0]);
  g_log_remove_handler ("videomeet", handlers[1]);
  soup_server_disconnect (server);
  g_clear_object (&server);
  g_ptr_array_unref (bodies);
  g_ptr_array_unref (held);
  g_array_unref (answers);
  fail_if (has_logged (KEY), "%s", logged->str);
  g_string_free (logged, TRUE);
}

static gchar *
place (void)
{
  GSList *uris = soup_server_get_uris (server);
  gchar *url = g_strdup_printf (
      "http://127.0.0.1:%d/gotify/", g_uri_get_port (uris->data));

  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return url;
}

static VmNotify *
notify_new (const VmNotifyTimes *times)
{
  g_autofree gchar *url = place ();
  g_autoptr (GError) error = NULL;
  VmNotify *notify = vm_notify_new (url, KEY, times, &error);

  fail_unless (notify != NULL, "%s", error ? error->message : "");
  return notify;
}

static gboolean
on_deadline (gpointer data)
{
  fail ("not within %d s: %u requests", DEADLINE_MS / 1000, bodies->len);
  return G_SOURCE_REMOVE;
}

static gboolean
on_look (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the server until so many requests have come and were answered so. */
static void
wait_for (VmNotify *notify, guint requests, guint64 sent, guint64 refused)
{
  guint deadline = g_timeout_add (DEADLINE_MS, on_deadline, NULL);
  /* what is counted on another thread wakes nobody here */
  guint look = g_timeout_add (10, on_look, NULL);
  VmNotifyCounts counts;

  for (;;) {
    vm_notify_count (notify, &counts);
    if (bodies->len >= requests && counts.sent >= sent
        && counts.refused >= refused)
      break;
    g_main_context_iteration (NULL, TRUE);
  }
  fail_unless_equals_int (bodies->len, requests);
  fail_unless_equals_uint64 (counts.sent, sent);
  fail_unless_equals_uint64 (counts.refused, refused);
  g_source_remove (deadline);
  g_source_remove (look);
}

static void
says (guint index, const gchar *part)
{
  const gchar *body = g_ptr_array_index (bodies, index);

  fail_unless (strstr (body, part), "%s: %s", part, body);
}

static void
answer_by (guint status)
{
  g_array_append_val (answers, status);
}

GST_START_TEST (test_events)
{
  g_autoptr (VmNotify) notify = notify_new (&patient);

  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "Ann", NULL);
  vm_notify_push (notify, VM_NOTIFY_CALL_MISSED, "by", "Bob", "Ann");
  vm_notify_push (notify, VM_NOTIFY_SHARE_COMPLETED, "by", "Ann", "d1");
  vm_notify_push (notify, VM_NOTIFY_TERMINAL_STARTED, "by", "Ann", "d2");
  vm_notify_push (notify, VM_NOTIFY_AGENT_OFFLINE, "by", "Ann", "d3");
  wait_for (notify, 5, 5, 0);
  says (0, "\"message\":\"Ann has written in the chat\"");
  says (1, "\"message\":\"Bob has missed a call of Ann\"");
  says (2, "\"message\":\"Ann's device d1 has completed a share\"");
  says (3, "\"message\":\"Ann's device d2 shares its terminal\"");
  says (4, "\"message\":\"Ann's device d3 is not connected any more\"");
  for (guint i = 0; i < VM_NOTIFY_N_EVENTS; i++) {
    g_autofree gchar *type =
        g_strdup_printf ("\"type\":\"%s\"", vm_notify_event_to_string (i));

    says (i, type);
  }
  fail_if (has_logged ("\n"));
}

GST_END_TEST;

/* What people call themselves stays a string. */
GST_START_TEST (test_names)
{
  g_autoptr (VmNotify) notify = notify_new (&patient);

  vm_notify_push (
      notify, VM_NOTIFY_CHAT, "by", "\"},\\\n\"priority\":10,“Ünn”", NULL);
  wait_for (notify, 1, 1, 0);
  says (0, "\\\"priority\\\":10");
}

GST_END_TEST;

/* A server that says no is not asked again the same; the rest goes on. */
GST_START_TEST (test_refused)
{
  g_autoptr (VmNotify) notify = notify_new (&patient);

  answer_by (401);
  answer_by (302); /* who knows where to */
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "one", NULL);
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "two", NULL);
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "three", NULL);
  wait_for (notify, 3, 1, 2);
  says (2, "three has written");
  fail_unless (has_logged ("the server says 401"));
  /* said once, until it works again */
  fail_if (has_logged ("302"));
  answer_by (403);
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "four", NULL);
  wait_for (notify, 4, 1, 3);
  fail_unless (has_logged ("403"));
}

GST_END_TEST;

/* One that cannot just now is asked again, and nothing overtakes. */
GST_START_TEST (test_tried_again)
{
  static const guint statuses[] = { 503, 429, 408, 500 };
  g_autoptr (VmNotify) notify = notify_new (&patient);

  g_array_append_vals (answers, statuses, G_N_ELEMENTS (statuses));
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "one", NULL);
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "two", NULL);
  wait_for (notify, 6, 2, 0);
  for (guint i = 0; i < 5; i++)
    says (i, "one has written");
  says (5, "two has written");
}

GST_END_TEST;

/* One that does not answer, then does. */
GST_START_TEST (test_hangs)
{
  static const VmNotifyTimes hasty = { 100, 1, 4 };
  g_autoptr (VmNotify) notify = notify_new (&hasty);
  guint deadline = g_timeout_add (DEADLINE_MS, on_deadline, NULL);

  holds = TRUE;
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "one", NULL);
  while (bodies->len < 2)
    g_main_context_iteration (NULL, TRUE);
  says (0, "one has written");
  says (1, "one has written");
  fail_unless (has_logged ("no answer in time"));
  g_source_remove (deadline);
}

GST_END_TEST;

/* It is taken by its status, whatever comes of the rest. */
GST_START_TEST (test_half_an_answer)
{
  static const VmNotifyTimes hasty = { 1000, 1, 4 };
  g_autoptr (VmNotify) notify = notify_new (&hasty);
  guint deadline = g_timeout_add (DEADLINE_MS, on_deadline, NULL);
  guint look = g_timeout_add (10, on_look, NULL);
  VmNotifyCounts counts = { 0 };

  half = TRUE;
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "one", NULL);
  while (!counts.sent) {
    g_main_context_iteration (NULL, TRUE);
    vm_notify_count (notify, &counts);
  }
  fail_unless_equals_uint64 (counts.sent, 1);
  g_source_remove (deadline);
  g_source_remove (look);
}

GST_END_TEST;

GST_START_TEST (test_long_answer)
{
  g_autoptr (VmNotify) notify = notify_new (&patient);

  answer_size = 1024 * 1024;
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "one", NULL);
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "two", NULL);
  wait_for (notify, 2, 2, 0);
}

GST_END_TEST;

/* What waits is bounded, and nobody waits for it: not who notifies, nor who
 * ends. */
static void
check_queue (guint waiting, guint64 dropped)
{
  g_autoptr (VmNotify) notify = notify_new (&patient);
  guint taken = 1 + waiting - dropped;
  VmNotifyCounts counts;
  guint deadline = g_timeout_add (DEADLINE_MS, on_deadline, NULL);

  holds = TRUE;
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "on its way", NULL);
  while (!held->len)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < waiting; i++) {
    g_autofree gchar *who = g_strdup_printf ("<%u>", i);

    vm_notify_push (notify, VM_NOTIFY_CHAT, "by", who, NULL);
  }
  vm_notify_count (notify, &counts);
  fail_unless_equals_uint64 (counts.dropped, dropped);
  g_source_remove (deadline);
  /* the oldest are those that go */
  holds = FALSE;
  soup_server_message_unpause (g_ptr_array_index (held, 0));
  g_ptr_array_set_size (held, 0);
  wait_for (notify, taken, taken, 0);
  says (1, dropped ? "<1>" : "<0>");
  g_ptr_array_set_size (bodies, 0);
}

/* A user who causes too many is held back, and nobody else; what is missed
 * waits in a queue of its own. */
GST_START_TEST (test_one_floods)
{
  static const VmNotifyTimes usual = { DEADLINE_MS, 1, 4, DEADLINE_MS };
  g_autoptr (VmNotify) notify = notify_new (&usual);
  const guint flood = 550;
  VmNotifyCounts counts;

  for (guint i = 0; i < flood; i++)
    vm_notify_push (notify, VM_NOTIFY_SHARE_COMPLETED, "eve", "Eve", "d1");
  vm_notify_push (notify, VM_NOTIFY_CALL_MISSED, "bob", "Ann", "Bob");
  wait_for (notify, VM_NOTIFY_USER_BURST + 1, VM_NOTIFY_USER_BURST + 1, 0);
  vm_notify_count (notify, &counts);
  fail_unless_equals_uint64 (counts.dropped, flood - VM_NOTIFY_USER_BURST);
  g_ptr_array_set_size (bodies, 0);
}

GST_END_TEST;

/* However many cause them: what is of another event is not lost, and waits for
 * one of each other event. */
GST_START_TEST (test_many_flood)
{
  g_autoptr (VmNotify) notify = notify_new (&patient);
  guint deadline = g_timeout_add (DEADLINE_MS, on_deadline, NULL);
  guint taken = VM_NOTIFY_QUEUE_MAX + 2;

  holds = TRUE;
  vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "on its way", NULL);
  while (!held->len)
    g_main_context_iteration (NULL, TRUE);
  vm_notify_push (notify, VM_NOTIFY_CALL_MISSED, "bob", "Ann", "Bob");
  for (guint i = 0; i < 550; i++) {
    g_autofree gchar *by = g_strdup_printf ("eve%u", i);

    vm_notify_push (notify, VM_NOTIFY_SHARE_COMPLETED, by, "Eve", "d1");
  }
  g_source_remove (deadline);
  holds = FALSE;
  soup_server_message_unpause (g_ptr_array_index (held, 0));
  g_ptr_array_set_size (held, 0);
  wait_for (notify, taken, taken, 0);
  says (1, "Ann has missed a call of Bob");
}

GST_END_TEST;

GST_START_TEST (test_queue)
{
  check_queue (VM_NOTIFY_QUEUE_MAX - 1, 0);
  check_queue (VM_NOTIFY_QUEUE_MAX, 0);
  check_queue (VM_NOTIFY_QUEUE_MAX + 1, 1);
}

GST_END_TEST;

/* Nobody is there, and it ends all the same. */
GST_START_TEST (test_nobody_there)
{
  g_autofree gchar *url = place ();
  g_autoptr (VmNotify) notify = NULL;

  soup_server_disconnect (server);
  notify = vm_notify_new (url, KEY, &patient, NULL);
  for (guint i = 0; i < 3; i++)
    vm_notify_push (notify, VM_NOTIFY_CHAT, "by", "one", NULL);
  vm_notify_push (NULL, VM_NOTIFY_CHAT, "by", "nobody", NULL);
}

GST_END_TEST;

GST_START_TEST (test_addresses)
{
  static const gchar *const good[] = { "https://push.example.org",
    "https://push.example.org:8443/gotify/", "http://localhost:8080",
    "http://127.0.0.1", "http://[::1]:80/" };
  static const gchar *const bad[] = { "", "push.example.org", "https://",
    "http://push.example.org", "http://192.168.0.1", "ftp://localhost",
    "https://user:word@push.example.org", "https://push.example.org/?token=x",
    "https://push.example.org/#x" };
  g_autofree gchar *longest = g_strnfill (VM_NOTIFY_KEY_MAX, 'k');
  g_autofree gchar *over = g_strnfill (VM_NOTIFY_KEY_MAX + 1, 'k');
  const gchar *const no_keys[] = { "", "a b", "a\r\nHost: x", "ключ", over };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (VmNotify) one = vm_notify_new (good[i], longest, NULL, NULL);

    fail_unless (one != NULL, "%s", good[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vm_notify_new (bad[i], KEY, NULL, &error), "%s", bad[i]);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_REQUEST));
  }
  for (guint i = 0; i < G_N_ELEMENTS (no_keys); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vm_notify_new (good[0], no_keys[i], NULL, &error), "key %u", i);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_REQUEST));
    fail_if (*no_keys[i] && strstr (error->message, no_keys[i]));
  }
}

GST_END_TEST;

static Suite *
notify_suite (void)
{
  Suite *s = suite_create ("notify");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, setup, teardown);
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_events);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_tried_again);
  tcase_add_test (tc, test_hangs);
  tcase_add_test (tc, test_half_an_answer);
  tcase_add_test (tc, test_long_answer);
  tcase_add_test (tc, test_queue);
  tcase_add_test (tc, test_one_floods);
  tcase_add_test (tc, test_many_flood);
  tcase_add_test (tc, test_nobody_there);
  tcase_add_test (tc, test_addresses);
  return s;
}

CHECK_PROGRAM (notify)
