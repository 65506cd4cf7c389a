/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/hostverifier.h"
#include "trust/store/trustsnapshot.h"
#include "trust/store/decision.h"
#include "trust/keys/statesignature.h"
#include "trust/keys/vmidentity-priv.h"

#include <string.h>

struct _VmHostVerifier
{
  VmPolicy policy;
  VmCloudTrust cloud_trust;
  VmTrustSnapshot *known;
  GBytes *key; /* of the host, or NULL */
  gchar *host_id; /* the device id of that */
  gchar *user; /* of the host; never NULL */
  gchar *device;
  gchar *host; /* participant id, from `welcome` */
  gchar *meeting_id; /* likewise */
  guint64 version; /* of the last state */
  gchar **revoked; /* by the host, or NULL */
};

VmHostVerifier *
vm_host_verifier_new (VmIdentity *own, VmPolicy policy, GBytes *host)
{
  VmHostVerifier *verifier = g_rc_box_new0 (VmHostVerifier);

  verifier->policy = policy;
  verifier->known = vm_trust_snapshot_new (own);
  if (host) {
    verifier->key = g_bytes_ref (host);
    verifier->host_id = vm_spki_to_device_id (host);
  }
  verifier->user = g_strdup ("");
  verifier->device = g_strdup ("");
  return verifier;
}

VmHostVerifier *
vm_host_verifier_ref (VmHostVerifier *verifier)
{
  return g_rc_box_acquire (verifier);
}

static void
clear (gpointer data)
{
  VmHostVerifier *verifier = data;

  vm_trust_snapshot_free (verifier->known);
  g_clear_pointer (&verifier->key, g_bytes_unref);
  g_free (verifier->host_id);
  g_free (verifier->user);
  g_free (verifier->device);
  g_free (verifier->host);
  g_free (verifier->meeting_id);
  g_strfreev (verifier->revoked);
}

void
vm_host_verifier_unref (VmHostVerifier *verifier)
{
  g_rc_box_release_full (verifier, clear);
}

void
vm_host_verifier_set_cloud_trust (
    VmHostVerifier *verifier, VmCloudTrust cloud_trust)
{
  verifier->cloud_trust = cloud_trust;
}

void
vm_host_verifier_set_host_names (
    VmHostVerifier *verifier, const gchar *user, const gchar *device)
{
  g_free (verifier->user);
  verifier->user = g_strdup (user ? user : "");
  g_free (verifier->device);
  verifier->device = g_strdup (device ? device : "");
}

void
vm_host_verifier_take_known (
    VmHostVerifier *verifier, GPtrArray *facts, gboolean damaged)
{
  vm_trust_snapshot_take (verifier->known, facts, damaged, 0);
}

const gchar *
vm_host_verifier_get_host_id (VmHostVerifier *verifier)
{
  return verifier->host_id;
}

gboolean
vm_host_verifier_host (
    VmHostVerifier *verifier, gint64 now, VmTrustLevel *level, GError **error)
{
  g_autoptr (VmTrustFacts) facts = NULL;
  VmTrustDecision decision;
  gboolean accepted;

  *level = VM_TRUST_LEVEL_UNKNOWN;
  if (!verifier->host_id)
    return TRUE;
  facts = vm_trust_snapshot_get (
      verifier->known, verifier->host_id, verifier->user, verifier->device);
  accepted = vm_trust_decide (
      verifier->policy, facts, VM_PERMISSIONS_CALL, now, &decision, error);
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
add_token (
    VmHostVerifier *verifier, VmTrustFacts *facts, const gchar *pem, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = pem ? vm_token_from_pem (pem, -1, &error) : NULL;
  g_autoptr (VmTrustFacts) issuer = NULL;

  if (token) {
    issuer =
        vm_trust_snapshot_get (verifier->known, token->issuer_id, NULL, NULL);
    vm_trust_facts_add_token (
        facts, token, issuer, verifier->meeting_id, now, &error);
  }
  if (error)
    g_debug ("the token of %s: %s", facts->device_id, error->message);
}

static gboolean
is_revoked_by_host (VmHostVerifier *verifier, const gchar *id)
{
  return id && verifier->revoked
         && g_strv_contains ((const gchar *const *) verifier->revoked, id);
}

/* As the own store has it: a host could call anybody so. */
static gchar *
name_voucher (VmHostVerifier *verifier, const VmTrustDecision *decision)
{
  g_autoptr (VmTrustFacts) issuer = NULL;

  if (!decision->voucher)
    return NULL;
  issuer =
      vm_trust_snapshot_get (verifier->known, decision->voucher, NULL, NULL);
  return g_strdup (vm_trust_name_of (issuer));
}

gboolean
vm_host_verifier_guest (VmHostVerifier *verifier,
    const VmSignalParticipant *who, gint64 now, VmTrustLevel *level,
    gchar **voucher, GError **error)
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
  if (!verifier->host_id
      || (who->origin && verifier->policy == VM_POLICY_REQUIRE
          && verifier->cloud_trust == VM_CLOUD_TRUST_ALLOW))
    return TRUE;
  facts = vm_trust_snapshot_get (
      verifier->known, id, who->user, who->device ? who->device : "");
  if (!vm_host_verifier_host (verifier, now, &host, NULL)
      || host != VM_TRUST_LEVEL_TRUSTED) {
    forget_good (facts);
  } else {
    add_token (verifier, facts, who->token, now);
    facts->revoked |= !facts->own && is_revoked_by_host (verifier, id);
  }
  accepted = vm_trust_decide (
      verifier->policy, facts, VM_PERMISSIONS_CALL, now, &decision, error);
  *level = decision.level;
  if (voucher)
    *voucher = name_voucher (verifier, &decision);
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
take_guest (VmHostVerifier *verifier, VmSignalParticipant *who, gint64 now)
{
  VmTrustLevel level;

  g_clear_error (&who->refused);
  g_clear_pointer (&who->voucher, g_free);
  vm_host_verifier_guest (
      verifier, who, now, &level, &who->voucher, &who->refused);
  set_level (who, level);
}

static gboolean
contradict (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

static gboolean
take_host (VmHostVerifier *verifier, VmSignalParticipant *who, gint64 now,
    GError **error)
{
  VmTrustLevel level;

  if (verifier->host_id) {
    if (who->device_id && *who->device_id
        && strcmp (who->device_id, verifier->host_id) != 0) {
      g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
          "The host says that it is %s, and showed the key of %s",
          who->device_id, verifier->host_id);
      return FALSE;
    }
    if (g_strcmp0 (who->user ? who->user : "", verifier->user) != 0
        || g_strcmp0 (who->device ? who->device : "", verifier->device) != 0)
      return contradict (error,
          "The host has other names in the meeting than those by which it "
          "was judged on admission");
    g_free (who->device_id);
    who->device_id = g_strdup (verifier->host_id);
  }
  if (!vm_host_verifier_host (verifier, now, &level, error))
    return FALSE;
  g_clear_pointer (&who->voucher, g_free);
  set_level (who, level);
  return TRUE;
}

static gboolean
take_welcome (VmHostVerifier *verifier, const VmSignal *signal, gint64 now,
    GError **error)
{
  guint hosts = 0;

  g_free (verifier->host);
  verifier->host = g_strdup (signal->host);
  g_free (verifier->meeting_id);
  verifier->meeting_id = g_strdup (signal->meeting_id);
  verifier->version = MAX (verifier->version, vm_state_version (signal));
  for (guint i = 0; i < signal->participants->len; i++) {
    VmSignalParticipant *who = g_ptr_array_index (signal->participants, i);
    gboolean is_host = g_strcmp0 (who->id, verifier->host) == 0;

    if (is_host != !!who->host || (is_host && hosts++))
      return contradict (
          error, "The host's server contradicts itself about who the host is");
    if (!is_host)
      take_guest (verifier, who, now);
    else if (!take_host (verifier, who, now, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_state (VmHostVerifier *verifier, const VmSignal *signal, GError **error)
{
  guint64 version = vm_state_version (signal);

  if (!verifier->key)
    return TRUE;
  if (!vm_state_verify (verifier->key, signal, error))
    return FALSE;
  if (g_strcmp0 (signal->meeting_id, verifier->meeting_id) != 0
      || version <= verifier->version) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "The host's server tells an old state of the meeting, or another "
        "meeting's");
    return FALSE;
  }
  verifier->version = version;
  g_strfreev (verifier->revoked);
  verifier->revoked = g_strdupv (signal->revoked);
  return TRUE;
}

gboolean
vm_host_verifier_signal (
    VmHostVerifier *verifier, VmSignal *signal, gint64 now, GError **error)
{
  VmSignalParticipant *who;

  if (signal->type == VM_SIGNAL_WELCOME)
    return take_welcome (verifier, signal, now, error);
  if (signal->type == VM_SIGNAL_MEETING_STATE)
    return take_state (verifier, signal, error);
  if (signal->type != VM_SIGNAL_PARTICIPANT_JOINED
      || !signal->participants->len)
    return TRUE;
  who = g_ptr_array_index (signal->participants, 0);
  if (who->host || g_strcmp0 (who->id, verifier->host) == 0)
    return contradict (
        error, "The host's server says that a host has joined, who is there");
  take_guest (verifier, who, now);
  return TRUE;
}
