/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may offer files to whom (security.md#tokens, permission `file`): each
 * side looks at what it knows itself. Control thread; the trust store is a few
 * small files. */

#include "link/vmlink-priv.h"

const gchar *
vm_link_get_signer (VmLink *self)
{
  const gchar *device = vm_participant_get_device_id (self->participant);

  return device && *device && self->media
                 && vm_media_session_is_signed (self->media)
             ? device
             : NULL;
}

/* A browser has no key that a permission could be given to, and a device that
 * has signed nothing is no device. */
static gboolean
may_without_key (VmLink *self, VmPolicy policy, GError **error)
{
  if (policy != VM_POLICY_REQUIRE)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "%s has shown no key, and here files go between trusted devices only",
      vm_participant_get_user (self->participant));
  return FALSE;
}

gboolean
vm_link_may_be_sent_files (VmLink *self, GError **error)
{
  VmNode *node = self->node;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  const gchar *device = vm_link_get_signer (self);
  g_autoptr (VmTrustFacts) facts = NULL;
  VmPolicy policy;

  g_object_get (node, "policy", &policy, NULL);
  if (!device)
    return may_without_key (self, policy, error);
  facts = vm_trust_store_know (
      vm_node_get_trust_store (node), device, NULL, NULL, now);
  if (facts->held == VM_PERMISSIONS_NONE
      || facts->held_until < g_date_time_to_unix (now)
      || (facts->held & VM_PERMISSIONS_FILE))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "%s has not given this device leave to offer it files",
      vm_participant_get_user (self->participant));
  return FALSE;
}

/* Its token is this host's own, for this meeting, and says so. */
static gboolean
is_own_guest (VmLink *self)
{
  return vm_participant_get_trust (self->participant) == VM_TRUST_LEVEL_GUEST
         && vm_meeting_get_hosting (vm_link_get_meeting (self));
}

gboolean
vm_link_may_offer_files (VmLink *self, GError **error)
{
  VmNode *node = self->node;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  const gchar *device = vm_link_get_signer (self);
  g_autoptr (VmTrustFacts) facts = NULL;
  VmPolicy policy;

  g_object_get (node, "policy", &policy, NULL);
  if (!device)
    return may_without_key (self, policy, error);
  if (policy == VM_POLICY_REQUIRE && is_own_guest (self))
    return TRUE;
  facts = vm_trust_store_admit (vm_node_get_trust_store (node), device, policy,
      VM_PERMISSIONS_FILE, now, NULL, error);
  return facts != NULL;
}
