/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

#define VM_TYPE_TRUST_FACTS (vm_trust_facts_get_type ())

typedef struct _VmTrustFacts VmTrustFacts;

/**
 * VmTrustFacts:
 * @device_id: (nullable): the device, %NULL for one that shows no key
 * @user: (nullable): the name its user had when it was last seen
 * @device: (nullable): the name it had itself
 * @first_seen: (nullable): when its key was first seen, %NULL for never
 * @spki: (nullable): its public key (SubjectPublicKeyInfo, DER), if known
 * @own: it is this device itself
 * @revoked: trust in it was withdrawn
 * @damaged: the list of revoked devices cannot be read: nobody is trusted
 * @changed_id: (nullable): the device that was known by its names before
 * @changed_user: (nullable): the user's name of that one
 * @changed_device: (nullable): its own name
 * @changed_seen: (nullable): when that one was first seen
 * @given: what it may do by the token that this device gave it
 * @given_until: until when; Unix seconds
 * @given_token: (nullable): that token, as PEM
 * @held: what this device may do by the token that it was given by it
 * @held_until: until when; Unix seconds
 * @vouched: what it may do by the token of an introducer
 * @vouched_until: until when; Unix seconds
 * @voucher: (nullable): device id of that introducer
 * @guest: what it may do as the guest of a meeting
 * @guest_until: until when; Unix seconds
 * @damaged_id: (nullable): a device whose file in the store is damaged, so that
 *   nobody knows whether it went by these names. Since: 0.3
 *
 * The facts about one device on which a trust decision is based.
 *
 * Since: 0.1
 */
struct _VmTrustFacts
{
  gchar *device_id;
  gchar *user;
  gchar *device;
  GDateTime *first_seen;
  GBytes *spki;
  gboolean own;
  gboolean revoked;
  gboolean damaged;
  gchar *changed_id;
  gchar *changed_user;
  gchar *changed_device;
  GDateTime *changed_seen;
  VmPermissions given;
  gint64 given_until;
  gchar *given_token;
  VmPermissions held;
  gint64 held_until;
  VmPermissions vouched;
  gint64 vouched_until;
  gchar *voucher;
  VmPermissions guest;
  gint64 guest_until;
  gchar *damaged_id;
};

VM_API GType vm_trust_facts_get_type (void);
VM_API void vm_trust_facts_free (VmTrustFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTrustFacts, vm_trust_facts_free)

VM_API gchar *vm_permissions_to_string (VmPermissions permissions);
VM_API gboolean vm_permissions_from_string (
    const gchar *text, VmPermissions *permissions);

G_END_DECLS
