/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/decision.h"

#include <string.h>

static const struct
{
  VmPermissions permission;
  const gchar *words;
} requests[] = {
  { VM_PERMISSIONS_CALL, "meet" },
  { VM_PERMISSIONS_FILE, "send files" },
  { VM_PERMISSIONS_FOLDER, "send folders" },
  { VM_PERMISSIONS_TERMINAL_VIEW, "see a terminal" },
  { VM_PERMISSIONS_TERMINAL_CONTROL, "type into a terminal" },
  { VM_PERMISSIONS_INTRODUCER, "vouch for others" },
};

/* What may be done by the token of one kind, at @now. */
static VmPermissions
good (VmPermissions permissions, gint64 until, gint64 now)
{
  return now <= until ? permissions : VM_PERMISSIONS_NONE;
}

const gchar *
vm_trust_name_of (const VmTrustFacts *facts)
{
  if (facts->user && *facts->user)
    return facts->user;
  return facts->device_id ? facts->device_id : "a device without a key";
}

VmTrustLevel
vm_trust_level_meanwhile (VmTrustLevel was, VmTrustLevel now)
{
  return was == VM_TRUST_LEVEL_UNKNOWN && now == VM_TRUST_LEVEL_KNOWN ? was
                                                                      : now;
}

static gchar *
to_label (const gchar *user, const gchar *device)
{
  return device && *device ? g_strdup_printf ("%s's %s", user, device)
                           : g_strdup (user);
}

/* Whose the key is, if it is no new one: that says most about who poses. */
static gchar *
tell_owner (const VmTrustFacts *facts)
{
  const gchar *name = vm_trust_name_of (facts);
  g_autofree gchar *label = NULL;

  if (!facts->first_seen)
    return g_strdup ("");
  label = to_label (name, facts->device);
  return g_strdup_printf (", which is no new key but that of %s", label);
}

static gchar *
advise (const VmTrustFacts *facts)
{
  const gchar *name = vm_trust_name_of (facts);
  const gchar *as = facts->changed_user;

  /* who goes by one name here and by another there */
  if (facts->first_seen && g_strcmp0 (name, as) != 0)
    return g_strdup_printf (
        "%s is probably posing as %s. Only if you know that "
        "it is not so, forget the old one",
        name, as);
  return g_strdup_printf ("Somebody may be posing as %s. If you know why the "
                          "key changed, forget the old one",
      as);
}

gboolean
vm_trust_refuse_changed (const VmTrustFacts *facts, GError **error)
{
  g_autofree gchar *date = facts->changed_seen
                               ? g_date_time_format (facts->changed_seen, "%F")
                               : g_strdup ("an earlier day");
  g_autofree gchar *label =
      to_label (facts->changed_user, facts->changed_device);
  g_autofree gchar *owner = tell_owner (facts);
  g_autofree gchar *advice = advise (facts);

  g_set_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED,
      "%s has another key than when it was first seen on %s. It was %s and now "
      "is %s%s. %s: videomeet forget %s",
      label, date, facts->changed_id,
      facts->device_id ? facts->device_id : "none", owner, advice,
      facts->changed_id);
  return FALSE;
}

gboolean
vm_trust_refuse_damaged (
    const gchar *name, const gchar *damaged_id, GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "The file devices/%s.pem in the folder of the trust store is damaged, so "
      "nobody knows whose key it has, and %s, who may be posing as that one, "
      "is "
      "not let in. Put the file back as it was, or forget that device: "
      "videomeet forget %s",
      damaged_id, name, damaged_id);
  return FALSE;
}

static gboolean
refuse_missing (const VmTrustFacts *facts, VmTrustLevel level,
    VmPermissions missing, GError **error)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (requests) - 1 && !(missing & requests[i].permission))
    i++;
  if (level < VM_TRUST_LEVEL_GUEST)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "%s is not trusted and may not %s", vm_trust_name_of (facts),
        requests[i].words);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "%s was not given leave to %s", vm_trust_name_of (facts),
        requests[i].words);
  return FALSE;
}

/* Fills all but accepted. What refuses a device whatever it was given comes
 * before what it was given. */
static gboolean
weigh (VmPolicy policy, const VmTrustFacts *facts, gint64 now,
    VmTrustDecision *decision, GError **error)
{
  VmPermissions given = good (facts->given, facts->given_until, now);
  VmPermissions vouched = good (facts->vouched, facts->vouched_until, now);
  VmPermissions guest = good (facts->guest, facts->guest_until, now);

  decision->level =
      facts->first_seen ? VM_TRUST_LEVEL_KNOWN : VM_TRUST_LEVEL_UNKNOWN;
  if (facts->damaged) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The list of revoked devices cannot be read, so %s is not let in; "
        "repair the file revoked in the folder of the trust store",
        vm_trust_name_of (facts));
    return FALSE;
  }
  if (facts->revoked) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Trust in %s was revoked", vm_trust_name_of (facts));
    return FALSE;
  }
  if (facts->changed_id && policy != VM_POLICY_OPEN)
    return vm_trust_refuse_changed (facts, error);
  if (facts->damaged_id && policy != VM_POLICY_OPEN)
    return vm_trust_refuse_damaged (
        vm_trust_name_of (facts), facts->damaged_id, error);
  if (policy != VM_POLICY_REQUIRE)
    decision->permissions = VM_POLICY_PERMISSIONS;
  decision->permissions |= given | vouched | guest;
  if (given) {
    decision->level = VM_TRUST_LEVEL_TRUSTED;
  } else if (vouched) {
    decision->level = VM_TRUST_LEVEL_VOUCHED;
    decision->voucher = facts->voucher;
  } else if (guest) {
    decision->level = VM_TRUST_LEVEL_GUEST;
  }
  return TRUE;
}

gboolean
vm_trust_decide (VmPolicy policy, const VmTrustFacts *facts,
    VmPermissions permission, gint64 now, VmTrustDecision *decision,
    GError **error)
{
  VmTrustDecision local;
  VmTrustDecision *out = decision ? decision : &local;
  VmPermissions missing;

  memset (out, 0, sizeof *out);
  if (!weigh (policy, facts, now, out, error))
    return FALSE;
  missing = permission & ~out->permissions;
  if (missing)
    refuse_missing (facts, out->level, missing, error);
  out->accepted = !missing;
  if (missing)
    out->permissions = VM_PERMISSIONS_NONE;
  return out->accepted;
}

static gboolean
refuse_token (GError **error, const gchar *why)
{
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "The token is of no use here: %s", why);
  return FALSE;
}

gboolean
vm_trust_facts_add_token (VmTrustFacts *facts, VmToken *token,
    const VmTrustFacts *issuer, const gchar *meeting_id, gint64 now,
    GError **error)
{
  VmPermissions may = good (issuer->given, issuer->given_until, now);
  gint64 until = MIN (token->not_after, issuer->given_until);

  if (g_strcmp0 (facts->device_id, token->subject_id) != 0)
    return refuse_token (error, "it is another device's");
  if (issuer->revoked || issuer->damaged || issuer->changed_id
      || issuer->damaged_id || !(may & VM_PERMISSIONS_INTRODUCER)
      || !issuer->spki)
    return refuse_token (error, "who issued it may not introduce others");
  if (!vm_token_verify (token, issuer->spki, now, error))
    return FALSE;
  may &= token->permissions & ~VM_PERMISSIONS_INTRODUCER;
  if (!may)
    return refuse_token (error, "it gives nothing that its issuer may give");
  if (token->meeting_id) {
    if (g_strcmp0 (token->meeting_id, meeting_id) != 0)
      return refuse_token (error, "it is for another meeting");
    facts->guest = may & VM_TOKEN_GUEST_PERMISSIONS;
    facts->guest_until = until;
    return TRUE;
  }
  /* what this device gives is in its store, unless it was taken back there */
  if (issuer->own)
    return good (facts->given, facts->given_until, now)
           || refuse_token (error, "it is no longer in the store");
  if (facts->vouched_until >= until && !(may & ~facts->vouched))
    return TRUE; /* another introducer has said as much */
  facts->vouched = may;
  facts->vouched_until = until;
  g_free (facts->voucher);
  facts->voucher = g_strdup (issuer->device_id);
  return TRUE;
}
