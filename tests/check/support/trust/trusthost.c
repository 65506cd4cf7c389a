/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/trust/trusthost.h"
#include "base/vmerror-priv.h"

#include <string.h>

VmServer *server;
VmPairingService *pairing;
gchar *asked, *digits;
void (*host_approve) (const gchar *request_id);

/* Of gchar *, from the thread of the pairing service or the node; NULL: nobody
 * listens. */
static GAsyncQueue *words;
static GMutex lock; /* of asked and digits, and of what words is */
static gboolean changed; /* was heard, and nobody has waited for it */
static GMutex busy;
static gboolean kept; /* the test has it */

void
host_hear (const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  g_mutex_lock (&lock);
  /* a node may say its last when the test is over: its meetings end later */
  if (words)
    g_async_queue_push (words, g_strdup_vprintf (format, args));
  g_mutex_unlock (&lock);
  va_end (args);
}

void
host_take_request (const gchar *request_id, const gchar *six)
{
  g_mutex_lock (&lock);
  g_free (asked);
  asked = g_strdup (request_id);
  g_free (digits);
  digits = g_strdup (six);
  g_mutex_unlock (&lock);
}

static void
on_requested (const gchar *request_id, const gchar *device_id,
    const gchar *name, const gchar *six, gpointer user_data)
{
  host_take_request (request_id, six);
  fail_unless_equals_int (strlen (six), VM_SAS_DIGITS);
  host_hear ("requested:%s", name);
}

static void
on_established (const gchar *device_id, const gchar *name, gpointer user_data)
{
  host_hear ("established:%s", name);
}

static void
on_failed (const gchar *request_id, const gchar *device_id, const gchar *name,
    const GError *reason, gpointer user_data)
{
  g_mutex_lock (&busy);
  g_mutex_unlock (&busy);
  host_hear ("failed:%s:%s", name, vm_error_to_code (reason->code));
}

static void
on_changed (const gchar *device_id, gpointer user_data)
{
  host_hear ("changed");
}

static void
on_answered (const gchar *request_id, gboolean approved, gpointer user_data)
{
  host_hear ("answered:%s", approved ? "yes" : "no");
}

static void
open_host (VmServerConfig config, const VmServerTimes *times)
{
  static const VmPairingServiceFuncs funcs = { on_requested, on_established,
    on_failed, on_changed, on_answered };
  g_autoptr (GError) error = NULL;

  server = vm_server_new (f.me);
  pairing = vm_pairing_service_new (f.me, f.store, &funcs, NULL);
  vm_pairing_service_set_name (pairing, "Ann");
  vm_server_set_pairing_service (server, pairing);
  vm_server_set_times (server, times ? times : &patient);
  vm_server_start (server, &config, &error);
  g_assert_no_error (error);
}

static void
say_yes (const gchar *request_id)
{
  vm_pairing_service_answer (pairing, request_id, TRUE);
}

void
host_open_ears (void)
{
  fixture_setup ();
  words = g_async_queue_new_full (g_free);
  changed = FALSE;
}

void
host_close_ears (void)
{
  g_mutex_lock (&lock);
  g_clear_pointer (&words, g_async_queue_unref);
  g_clear_pointer (&asked, g_free);
  g_clear_pointer (&digits, g_free);
  g_mutex_unlock (&lock);
  net_use_identity (NULL);
  net_use_address (NULL);
  fixture_teardown ();
}

void
host_setup (void)
{
  host_open_ears ();
  host_approve = say_yes;
  open_host ((VmServerConfig){ 0 }, NULL);
}

void
host_keep_busy (gboolean keep)
{
  if (keep)
    g_mutex_lock (&busy);
  else
    g_mutex_unlock (&busy);
  kept = keep;
}

static void
close_host (void)
{
  if (kept)
    host_keep_busy (FALSE);
  vm_server_stop (server);
  vm_pairing_service_close (pairing);
  g_clear_pointer (&pairing, vm_pairing_service_unref);
  g_clear_object (&server);
}

void
host_reopen (VmServerConfig config, const VmServerTimes *times)
{
  close_host ();
  open_host (config, times);
}

void
host_teardown (void)
{
  close_host ();
  host_close_ears ();
}

void
host_heard (const gchar *word)
{
  gchar *next;

  /* the store's changes come when they come, also before what was their
   * cause */
  while ((next = g_async_queue_timeout_pop (
              words, NET_SECONDS * G_TIME_SPAN_SECOND))
         && (strcmp (next, "changed") == 0
             || (g_str_has_prefix (next, "answered:")
                 && !g_str_has_prefix (word, "answered:")))) {
    changed |= strcmp (next, "changed") == 0;
    g_free (next);
  }
  fail_unless_equals_string (next, word);
  g_free (next);
}

void
host_waits_for (const gchar *word)
{
  gchar *next;

  if (changed && strcmp (word, "changed") == 0) {
    changed = FALSE;
    return;
  }
  while ((next = g_async_queue_timeout_pop (
              words, NET_SECONDS * G_TIME_SPAN_SECOND))) {
    gboolean found = strcmp (next, word) == 0;

    g_free (next);
    if (found)
      return;
  }
  fail ("never heard %s", word);
}

static gchar *
write_request (const gchar *path, const gchar *body)
{
  if (!body)
    return g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
  return g_strdup_printf (
      "POST %s HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      path, strlen (body), body);
}

NetAnswer *
trust_ask (VmIdentity *who, const gchar *path, const gchar *body)
{
  g_autofree gchar *request = write_request (path, body);

  net_use_identity (who);
  return net_ask (server, "%s", request);
}

void
trust_refused (
    VmIdentity *who, const gchar *path, const gchar *body, VmError code)
{
  g_autoptr (NetAnswer) answer = trust_ask (who, path, body);
  g_autoptr (GError) error = vm_trust_refusal_read (
      answer->status, answer->body, strlen (answer->body));

  fail_unless (g_error_matches (error, VM_ERROR, code), "%s: %s",
      vm_error_to_code (code), answer->text);
  fail_unless_equals_int (answer->status, vm_error_to_http_status (code));
}

gchar *
trust_request_body (VmIdentity *who, guint8 nonce)
{
  VmTrustBody body = { .device_id = (gchar *) vm_identity_get_device_id (who),
    .spki = vm_identity_get_spki (who),
    .name = (gchar *) "Bob" };

  memset (body.nonce, nonce, sizeof body.nonce);
  vm_trust_commit (body.nonce, body.spki, body.commit);
  return vm_trust_body_write (&body, VM_TRUST_BODY_REQUEST);
}

gchar *
trust_reveal_body (const gchar *id, guint8 nonce)
{
  VmTrustBody body = { .request_id = (gchar *) id };

  memset (body.nonce, nonce, sizeof body.nonce);
  return vm_trust_body_write (&body, VM_TRUST_BODY_REVEAL);
}

gchar *
trust_request (VmIdentity *who, guint8 nonce)
{
  g_autofree gchar *body = trust_request_body (who, nonce);
  g_autoptr (NetAnswer) answer = trust_ask (who, "/trust/request", body);
  g_auto (VmTrustBody) offer = { NULL };

  fail_unless (answer->status == 202, "%s", answer->text);
  fail_unless (vm_trust_body_read (
      &offer, VM_TRUST_BODY_OFFER, answer->body, strlen (answer->body), NULL));
  return g_steal_pointer (&offer.request_id);
}

gchar *
trust_reveal (VmIdentity *who, guint8 nonce)
{
  gchar *id = trust_request (who, nonce);
  g_autofree gchar *body = trust_reveal_body (id, nonce);
  g_autoptr (NetAnswer) answer = trust_ask (who, "/trust/reveal", body);

  fail_unless (answer->status == 202, "%s", answer->text);
  host_heard ("requested:Bob");
  return id;
}

GIOStream *
trust_poll (VmIdentity *who, const gchar *id)
{
  g_autofree gchar *path = g_strdup_printf ("/trust/request/%s", id);
  g_autofree gchar *request = write_request (path, NULL);
  GIOStream *stream;

  net_use_identity (who);
  stream = net_connect (server);
  fail_unless (
      g_output_stream_write_all (g_io_stream_get_output_stream (stream),
          request, strlen (request), NULL, NULL, NULL));
  return stream;
}

NetAnswer *
trust_polled (GIOStream *stream)
{
  return net_ask_on (stream, "", 0);
}

/* One call of the requester's; a GET is answered after the user's yes. */
static void
step (VmIdentity *who, VmRequester *requester)
{
  static gint64 ahead;
  gint64 now = g_get_monotonic_time () + ahead, when;
  g_auto (VmTrustCall) call = { 0 };
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (NetAnswer) answer = NULL;

  fail_unless (vm_requester_next (requester, now, &call, &when));
  if (call.post) {
    answer = trust_ask (who, call.path, call.body);
  } else {
    stream = trust_poll (who, call.path + strlen ("/trust/request/"));
    host_approve (asked);
    answer = trust_polled (stream);
    /* the pause before the next */
    ahead += VM_TRUST_POLL_PAUSE;
  }
  vm_requester_answer (requester, now, g_get_real_time () / G_USEC_PER_SEC,
      vm_identity_get_spki (f.me), answer->status, answer->body,
      strlen (answer->body));
}

void
trust_drive (VmIdentity *who, VmRequester *requester)
{
  VmRequesterState state = vm_requester_get_state (requester);

  do
    step (who, requester);
  while (state == VM_REQUESTER_REQUESTING
         && vm_requester_get_state (requester) < VM_REQUESTER_POLLING);
}

VmToken *
trust_agree (VmIdentity *who, const gchar *name)
{
  static const guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  g_autoptr (VmRequester) requester = vm_requester_new (who, name,
      vm_identity_get_device_id (f.me), nonce, g_get_monotonic_time ());
  g_autofree gchar *word = g_strdup_printf ("requested:%s", name);
  VmTrustResult result;

  trust_drive (who, requester);
  host_heard (word);
  fail_unless_equals_string (digits, vm_requester_get_digits (requester));
  while (vm_requester_get_state (requester) == VM_REQUESTER_POLLING)
    trust_drive (who, requester);
  fail_unless (vm_requester_confirm (requester, NULL));
  trust_drive (who, requester);
  fail_unless (vm_requester_get_result (requester, &result), "%s",
      vm_requester_get_error (requester)
          ? vm_requester_get_error (requester)->message
          : "");
  return vm_token_ref (result.token);
}
