/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/keys/statesignature.h"

static void
add_text (VmTranscript *bytes, const gchar *text)
{
  vm_transcript_add_text (bytes, text ? text : "");
}

static void
add_list (VmTranscript *bytes, gchar **list)
{
  vm_transcript_add_number (bytes, list ? g_strv_length (list) : 0);
  for (guint i = 0; list && list[i]; i++)
    vm_transcript_add_text (bytes, list[i]);
}

static VmTranscript *
bytes_of (const VmSignal *state)
{
  VmTranscript *bytes = vm_transcript_new ("vm2 meeting-state");

  add_text (bytes, state->state);
  add_text (bytes, state->host);
  vm_transcript_add_number (bytes, (guint64) state->max_participants);
  vm_transcript_add_number (bytes, state->locked ? 1 : 0);
  add_list (bytes, state->roster);
  add_list (bytes, state->revoked);
  if (state->moderator)
    vm_transcript_add_text (bytes, state->moderator);
  return bytes;
}

static VmTranscript *
bars_of (const VmSignal *state)
{
  VmTranscript *bytes = vm_transcript_new ("vm2 meeting-bars");

  vm_transcript_add_number (bytes, state->barred->len);
  for (guint i = 0; i < state->barred->len; i++) {
    const VmSignalBar *bar = state->barred->pdata[i];

    add_text (bytes, bar->id);
    add_text (bytes, bar->device_id);
    add_text (bytes, bar->address);
    vm_transcript_add_number (bytes, (guint64) bar->seconds);
  }
  return bytes;
}

guint64
vm_state_version (const VmSignal *state)
{
  return (guint64) MAX (state->epoch, 0) << 32
         | (guint64) MAX (state->count, 0);
}

static VmSignatureScope
scope_of (const VmSignal *state)
{
  return (VmSignatureScope){ VM_SIGNATURE_MEETING_STATE,
    state->meeting_id ? state->meeting_id : "", vm_state_version (state) };
}

gchar *
vm_state_sign (VmIdentity *identity, const VmSignal *state, GError **error)
{
  g_autoptr (GByteArray) bytes = bytes_of (state);
  const VmSignatureScope scope = scope_of (state);

  return vm_signature_sign (identity, &scope, bytes->data, bytes->len, error);
}

gchar *
vm_state_sign_barred (
    VmIdentity *identity, const VmSignal *state, GError **error)
{
  g_autoptr (GByteArray) bytes = bars_of (state);
  const VmSignatureScope scope = scope_of (state);

  return vm_signature_sign (identity, &scope, bytes->data, bytes->len, error);
}

static gboolean
verify (GBytes *spki, const VmSignal *state, const GByteArray *bytes,
    const gchar *signature, GError **error)
{
  const VmSignatureScope scope = scope_of (state);

  if (signature)
    return vm_signature_verify (
        spki, &scope, bytes->data, bytes->len, signature, error);
  g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
      "The state of the meeting is not signed by its host");
  return FALSE;
}

gboolean
vm_state_verify (GBytes *spki, const VmSignal *state, GError **error)
{
  g_autoptr (GByteArray) bytes = bytes_of (state);
  g_autoptr (GByteArray) bars = state->barred ? bars_of (state) : NULL;

  return verify (spki, state, bytes, state->signature, error)
         && (!bars
             || verify (spki, state, bars, state->barred_signature, error));
}
