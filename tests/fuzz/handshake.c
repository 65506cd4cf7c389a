/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzkeys.h"
#include <gst/videomeet/trust/pairing/approver.h>
#include <gst/videomeet/trust/pairing/requester.h>
#include <gst/videomeet/trust/pairing/trustbody.h>

#include <string.h>

/* The first byte says how far the handshake is and which side hears the rest of
 * the input. KEY, ID and REQUEST in it stand for what the input cannot know.
 * Whatever is said, nobody is trusted: that takes a signature. */

#define STAGES 4 /* before the request, the reveal, the GET, the proof */

typedef struct
{
  VmApprover *approver;
  VmRequester *requester;
  gchar *request_id; /* the last that was before the user */
} Fuzz;

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, 7, size);
}

static void
on_prompt (const VmTrustPrompt *prompt, gpointer user_data)
{
  Fuzz *fuzz = user_data;

  g_assert_cmpuint (strlen (prompt->digits), ==, VM_SAS_DIGITS);
  g_assert_true (g_utf8_validate (prompt->name, -1, NULL));
  g_free (fuzz->request_id);
  fuzz->request_id = g_strdup (prompt->request_id);
}

static void
on_ready (const gchar *request_id, gpointer user_data)
{
}

static gboolean
on_established (const VmTrustPrompt *peer, VmToken *given, gpointer user_data,
    GError **error)
{
  g_assert_not_reached ();
}

static void
on_failed (
    const VmTrustPrompt *prompt, const GError *reason, gpointer user_data)
{
  g_assert_nonnull (reason);
}

static const VmApproverFuncs funcs = { .random = on_random,
  .prompt = on_prompt,
  .ready = on_ready,
  .established = on_established,
  .failed = on_failed };

static void
hand_over (Fuzz *fuzz, guint which, const gchar *data, gsize size,
    VmTrustAnswer *answer)
{
  const VmTrustCaller caller = { .address = "10.0.0.2",
    .spki = vm_identity_get_spki (fuzz_identity (1)) };
  g_autofree gchar *id = NULL;

  switch (which) {
    case 0:
      vm_approver_request (fuzz->approver, &caller, data, size, answer);
      break;
    case 1:
      vm_approver_reveal (fuzz->approver, &caller, data, size, answer);
      break;
    case 2:
      id = g_strndup (data, size);
      vm_approver_poll (fuzz->approver, &caller, id, answer);
      break;
    default:
      vm_approver_proof (fuzz->approver, &caller, data, size, answer);
  }
  g_assert_cmpuint (answer->status, >=, 200);
  g_assert_true (g_utf8_validate (answer->body, -1, NULL));
}

/* One honest step; the user on each side says yes. */
static void
advance (Fuzz *fuzz)
{
  static const gchar poll[] = "/trust/request/";
  g_auto (VmTrustCall) call = { 0 };
  g_auto (VmTrustAnswer) answer = { 0 };
  const gchar *data;
  guint which;
  gint64 when;

  if (!vm_requester_next (fuzz->requester, 0, &call, &when))
    return;
  data = call.post ? call.body : call.path + strlen (poll);
  which = !call.post                                  ? 2
          : strcmp (call.path, "/trust/request") == 0 ? 0
          : strcmp (call.path, "/trust/reveal") == 0  ? 1
                                                      : 3;
  hand_over (fuzz, which, data, strlen (data), &answer);
  vm_requester_answer (fuzz->requester, 0, 0,
      vm_identity_get_spki (fuzz_identity (0)), answer.status, answer.body,
      strlen (answer.body));
  if (which == 1) {
    vm_requester_confirm (fuzz->requester, NULL);
    vm_approver_approve (
        fuzz->approver, fuzz->request_id, VM_PERMISSIONS_CALL, NULL);
  }
}

static gchar *
fill_in (Fuzz *fuzz, gboolean at_approver, const guint8 *data, gsize size)
{
  VmIdentity *sender = fuzz_identity (at_approver ? 1 : 0);
  GBytes *spki = vm_identity_get_spki (sender);
  g_autoptr (GString) text = g_string_new_len ((const gchar *) data, size);
  g_autofree gchar *key =
      g_base64_encode (g_bytes_get_data (spki, NULL), VM_SPKI_SIZE);

  g_string_replace (text, "REQUEST",
      fuzz->request_id ? fuzz->request_id : "BwcHBwcHBwcHBwcHBwcHBw", 2);
  g_string_replace (text, "KEY", key, 2);
  g_string_replace (text, "ID", vm_identity_get_device_id (sender), 2);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  const guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  Fuzz fuzz = { NULL };
  guint first = size ? data[0] : 0;
  guint stage = first % STAGES;
  gboolean at_approver = first / STAGES % 2;
  g_autofree gchar *text = NULL;
  g_auto (VmTrustAnswer) answer = { 0 };
  g_auto (VmTrustCall) call = { 0 };
  VmTrustResult result;
  gint64 when;

  if (!size)
    return;
  fuzz.approver = vm_approver_new (fuzz_identity (0), "A", &funcs, &fuzz);
  fuzz.requester = vm_requester_new (fuzz_identity (1), "B", NULL, nonce, 0);
  for (guint i = 0; i < stage; i++)
    advance (&fuzz);
  text = fill_in (&fuzz, at_approver, data + 1, size - 1);
  if (at_approver)
    hand_over (&fuzz, first / STAGES / 2 % 4, text, strlen (text), &answer);
  else if (vm_requester_next (fuzz.requester, 0, &call, &when))
    vm_requester_answer (fuzz.requester, 0, 0,
        vm_identity_get_spki (fuzz_identity (0)),
        first / STAGES / 2 % 2 ? 200 : 202, text, strlen (text));
  g_assert_false (vm_requester_get_result (fuzz.requester, &result));
  vm_approver_tick (fuzz.approver, VM_TRUST_REQUEST_TIME);
  g_assert_cmpuint (vm_approver_count (fuzz.approver), ==, 0);
  vm_approver_free (fuzz.approver);
  vm_requester_free (fuzz.requester);
  g_free (fuzz.request_id);
}
