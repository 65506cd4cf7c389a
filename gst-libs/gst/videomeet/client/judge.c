/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/judge.h"
#include "trust/store/trustknown.h"
#include "trust/store/decision.h"
#include "trust/keys/statesignature.h"
#include "trust/keys/vmidentity-priv.h"

#include <string.h>

struct _VmJudge
{
  VmPolicy policy;
  VmKnown *known;
  GBytes *key; /* of the host, or NULL */
  gchar *host_id; /* the device id of that */
  gchar *user; /* of the host; never NULL */
  gchar *device;
  gchar *host; /* participant id, from `welcome` */
  gchar *meeting_id; /* likewise */
  guint64 version; /* of the last state */
  gchar **revoked; /* by the host, or NULL */
};

VmJudge *
vm_judge_new (VmIdentity *own, VmPolicy policy, GBytes *host)
{
  VmJudge *judge = g_rc_box_new0 (VmJudge);

  judge->policy = policy;
  judge->known = vm_known_new (own);
  if (host) {
    judge->key = g_bytes_ref (host);
    judge->host_id = vm_spki_to_device_id (host);
  }
  judge->user = g_strdup ("");
  judge->device = g_strdup ("");
  return judge;
}

VmJudge *
vm_judge_ref (VmJudge *judge)
{
  return g_rc_box_acquire (judge);
}

static void
clear (gpointer data)
{
  VmJudge *judge = data;

  vm_known_free (judge->known);
  g_clear_pointer (&judge->key, g_bytes_unref);
  g_free (judge->host_id);
  g_free (judge->user);
  g_free (judge->device);
  g_free (judge->host);
  g_free (judge->meeting_id);
  g_strfreev (judge->revoked);
}

void
vm_judge_unref (VmJudge *judge)
{
  g_rc_box_release_full (judge, clear);
}

void
vm_judge_set_host_names (VmJudge *judge, const gchar *user, const gchar *device)
{
  g_free (judge->user);
  judge->user = g_strdup (user ? user : "");
  g_free (judge->device);
  judge->device = g_strdup (device ? device : "");
}

void
vm_judge_take_known (VmJudge *judge, GPtrArray *facts, gboolean damaged)
{
  vm_known_take (judge->known, facts, damaged, 0);
}

const gchar *
vm_judge_get_host_id (VmJudge *judge)
{
  return judge->host_id;
}

gboolean
vm_judge_host (VmJudge *judge, gint64 now, VmTrustLevel *level, GError **error)
{
  g_autoptr (VmTrustFacts) facts = NULL;
  VmTrustDecision decision;
  gboolean accepted;

  *level = VM_TRUST_LEVEL_UNKNOWN;
  if (!judge->host_id)
    return TRUE;
  facts =
      vm_known_get (judge->known, judge->host_id, judge->user, judge->device);
  accepted = vm_trust_decide (
      judge->policy, facts, VM_PERMISSIONS_CALL, now, &decision, error);
  *level = decision.level;
  return accepted;
}

/* The others */

/* Who is shown by the word of a stranger only is a stranger; but nothing that
 * speaks against it is forgotten. */
static void
forget_good (VmTrustFacts *facts)
{
  facts->own = FALSE;
  g_clear_pointer (&facts->first_seen, g_date_time_unref);
  facts->given = facts->held = VM_PERMISSIONS_NONE;
}

/* What a token says that this device's store does not. One that is of no use
 * here is no reason to refuse: there may be better ones. */
static void
add_token (VmJudge *judge, VmTrustFacts *facts, const gchar *pem, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = pem ? vm_token_from_pem (pem, -1, &error) : NULL;
  g_autoptr (VmTrustFacts) issuer = NULL;

  if (token) {
    issuer = vm_known_get (judge->known, token->issuer_id, NULL, NULL);
    vm_trust_facts_add_token (
        facts, token, issuer, judge->meeting_id, now, &error);
  }
  if (error)
    g_debug ("the token of %s: %s", facts->device_id, error->message);
}

static gboolean
is_revoked_by_host (VmJudge *judge, const gchar *id)
{
  return id && judge->revoked
         && g_strv_contains ((const gchar *const *) judge->revoked, id);
}

/* As the own store has it: a host could call anybody so. */
static gchar *
name_voucher (VmJudge *judge, const VmTrustDecision *decision)
{
  g_autoptr (VmTrustFacts) issuer = NULL;

  if (!decision->voucher)
    return NULL;
  issuer = vm_known_get (judge->known, decision->voucher, NULL, NULL);
  return g_strdup (vm_trust_name_of (issuer));
}

gboolean
vm_judge_guest (VmJudge *judge, const VmSignalParticipant *who, gint64 now,
    VmTrustLevel *level, gchar **voucher, GError **error)
{
  const gchar *id = who->device_id && vm_device_id_is_valid (who->device_id)
                        ? who->device_id
                        : NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  VmTrustLevel host = VM_TRUST_LEVEL_UNKNOWN;
  VmTrustDecision decision;
  gboolean accepted;

  *level = VM_TRUST_LEVEL_UNKNOWN;
  if (voucher)
    *voucher = NULL;
  if (!judge->host_id)
    return TRUE;
  facts = vm_known_get (
      judge->known, id, who->user, who->device ? who->device : "");
  if (!vm_judge_host (judge, now, &host, NULL)
      || host != VM_TRUST_LEVEL_TRUSTED) {
    forget_good (facts);
  } else {
    add_token (judge, facts, who->token, now);
    facts->revoked |= !facts->own && is_revoked_by_host (judge, id);
  }
  accepted = vm_trust_decide (
      judge->policy, facts, VM_PERMISSIONS_CALL, now, &decision, error);
  *level = decision.level;
  if (voucher)
    *voucher = name_voucher (judge, &decision);
  return accepted;
}

/* Messages */

static void
set_level (VmSignalParticipant *who, VmTrustLevel level)
{
  g_free (who->trust);
  who->trust = g_strdup (vm_trust_level_to_wire (level));
}

static void
take_guest (VmJudge *judge, VmSignalParticipant *who, gint64 now)
{
  VmTrustLevel level;

  g_clear_error (&who->refused);
  g_clear_pointer (&who->voucher, g_free);
  vm_judge_guest (judge, who, now, &level, &who->voucher, &who->refused);
  set_level (who, level);
}

static gboolean
contradict (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

static gboolean
take_host (VmJudge *judge, VmSignalParticipant *who, gint64 now, GError **error)
{
  VmTrustLevel level;

  if (judge->host_id) {
    if (who->device_id && *who->device_id
        && strcmp (who->device_id, judge->host_id) != 0) {
      g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
          "The host says that it is %s, and showed the key of %s",
          who->device_id, judge->host_id);
      return FALSE;
    }
    if (g_strcmp0 (who->user ? who->user : "", judge->user) != 0
        || g_strcmp0 (who->device ? who->device : "", judge->device) != 0)
      return contradict (error,
          "The host has other names in the meeting than those by which it "
          "was judged at the door");
    g_free (who->device_id);
    who->device_id = g_strdup (judge->host_id);
  }
  if (!vm_judge_host (judge, now, &level, error))
    return FALSE;
  g_clear_pointer (&who->voucher, g_free);
  set_level (who, level);
  return TRUE;
}

static gboolean
take_welcome (
    VmJudge *judge, const VmSignal *signal, gint64 now, GError **error)
{
  guint hosts = 0;

  g_free (judge->host);
  judge->host = g_strdup (signal->host);
  g_free (judge->meeting_id);
  judge->meeting_id = g_strdup (signal->meeting_id);
  judge->version = MAX (judge->version, vm_state_version (signal));
  for (guint i = 0; i < signal->participants->len; i++) {
    VmSignalParticipant *who = g_ptr_array_index (signal->participants, i);
    gboolean is_host = g_strcmp0 (who->id, judge->host) == 0;

    if (is_host != !!who->host || (is_host && hosts++))
      return contradict (
          error, "The host's server contradicts itself about who the host is");
    if (!is_host)
      take_guest (judge, who, now);
    else if (!take_host (judge, who, now, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_state (VmJudge *judge, const VmSignal *signal, GError **error)
{
  guint64 version = vm_state_version (signal);

  if (!judge->key)
    return TRUE;
  if (!vm_state_verify (judge->key, signal, error))
    return FALSE;
  if (g_strcmp0 (signal->meeting_id, judge->meeting_id) != 0
      || version <= judge->version) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "The host's server tells an old state of the meeting, or another "
        "meeting's");
    return FALSE;
  }
  judge->version = version;
  g_strfreev (judge->revoked);
  judge->revoked = g_strdupv (signal->revoked);
  return TRUE;
}

gboolean
vm_judge_signal (VmJudge *judge, VmSignal *signal, gint64 now, GError **error)
{
  VmSignalParticipant *who;

  if (signal->type == VM_SIGNAL_WELCOME)
    return take_welcome (judge, signal, now, error);
  if (signal->type == VM_SIGNAL_MEETING_STATE)
    return take_state (judge, signal, error);
  if (signal->type != VM_SIGNAL_PARTICIPANT_JOINED
      || !signal->participants->len)
    return TRUE;
  who = g_ptr_array_index (signal->participants, 0);
  if (who->host || g_strcmp0 (who->id, judge->host) == 0)
    return contradict (
        error, "The host's server says that a host has joined, who is there");
  take_guest (judge, who, now);
  return TRUE;
}
