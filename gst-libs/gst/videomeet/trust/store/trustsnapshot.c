/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/trustsnapshot.h"
#include "trust/store/vmtrustfacts-priv.h"
#include "trust/keys/vmidentity-priv.h"
#include "base/text.h"

#include <string.h>

typedef struct
{
  VmTrustFacts *facts;
  guint64 number;
} Guest; /* it is not in the store yet */

struct _VmTrustSnapshot
{
  VmTrustFacts *own;
  GHashTable *devices; /* id -> VmTrustFacts */
  GQueue guests; /* of Guest, by number */
  gboolean damaged;
};

VmTrustSnapshot *
vm_trust_snapshot_new (VmIdentity *own)
{
  VmTrustSnapshot *known = g_new0 (VmTrustSnapshot, 1);

  known->own = vm_trust_facts_new (vm_identity_get_device_id (own));
  known->own->own = TRUE;
  known->own->spki = g_bytes_ref (vm_identity_get_spki (own));
  known->own->given = known->own->held = VM_PERMISSIONS_ALL;
  known->own->given_until = known->own->held_until = G_MAXINT64;
  known->devices = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) vm_trust_facts_free);
  g_queue_init (&known->guests);
  return known;
}

static void
guest_free (gpointer data)
{
  Guest *guest = data;

  vm_trust_facts_free (guest->facts);
  g_free (guest);
}

void
vm_trust_snapshot_free (VmTrustSnapshot *known)
{
  g_queue_clear_full (&known->guests, guest_free);
  g_hash_table_unref (known->devices);
  vm_trust_facts_free (known->own);
  g_free (known);
}

static void
add (VmTrustSnapshot *known, const VmTrustFacts *facts)
{
  VmTrustFacts *copy;

  if (!facts->device_id)
    return;
  copy = vm_trust_facts_copy (facts);
  g_hash_table_replace (known->devices, copy->device_id, copy);
}

guint
vm_trust_snapshot_count (VmTrustSnapshot *known)
{
  return g_hash_table_size (known->devices);
}

void
vm_trust_snapshot_add_guest (
    VmTrustSnapshot *known, const VmTrustFacts *facts, guint64 number)
{
  Guest *guest;

  add (known, facts);
  if (!facts->device_id || !number)
    return;
  guest = g_new (Guest, 1);
  *guest = (Guest){ vm_trust_facts_copy (facts), number };
  g_queue_push_tail (&known->guests, guest);
}

static void
drop_written (VmTrustSnapshot *known, guint64 written)
{
  Guest *guest;

  while (
      (guest = g_queue_peek_head (&known->guests)) && guest->number <= written)
    guest_free (g_queue_pop_head (&known->guests));
}

void
vm_trust_snapshot_take (
    VmTrustSnapshot *known, GPtrArray *facts, gboolean damaged, guint64 written)
{
  g_hash_table_remove_all (known->devices);
  known->damaged = damaged;
  for (guint i = 0; i < facts->len; i++)
    add (known, facts->pdata[i]);
  drop_written (known, written);
  for (GList *l = known->guests.head; l; l = l->next) {
    const Guest *guest = l->data;

    if (!g_hash_table_contains (known->devices, guest->facts->device_id))
      add (known, guest->facts);
  }
}

/* Whether @other, which was met, went by names that look like these: one that
 * tells no name of the device goes by those of any of its user's. */
static gboolean
went_by (const VmTrustFacts *other, const gchar *user, const gchar *device)
{
  return other->first_seen && vm_text_looks_like (other->user, user)
         && (!*device || vm_text_looks_like (other->device, device));
}

/* The device that went by these names before: the one met first of all. */
static void
add_changed (VmTrustSnapshot *known, VmTrustFacts *facts, const gchar *user,
    const gchar *device)
{
  GHashTableIter iter;
  gpointer value;
  const VmTrustFacts *found = NULL;
  const VmTrustFacts *unread = NULL;

  /* it need not say again which device of that user it is */
  if (!*device && went_by (facts, user, device))
    return;
  g_hash_table_iter_init (&iter, known->devices);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const VmTrustFacts *other = value;

    if (other->damaged_id && !unread)
      unread = other;
    if (g_strcmp0 (other->device_id, facts->device_id) == 0
        || !went_by (other, user, device))
      continue;
    if (!found
        || g_date_time_compare (other->first_seen, found->first_seen) < 0)
      found = other;
  }
  if (unread && !facts->damaged_id && !went_by (facts, user, device))
    facts->damaged_id = g_strdup (unread->damaged_id);
  if (!found)
    return;
  facts->changed_id = g_strdup (found->device_id);
  facts->changed_user = g_strdup (found->user);
  facts->changed_device = g_strdup (found->device);
  facts->changed_seen = g_date_time_ref (found->first_seen);
}

VmTrustFacts *
vm_trust_snapshot_get (VmTrustSnapshot *known, const gchar *device_id,
    const gchar *user, const gchar *device)
{
  const VmTrustFacts *there;
  VmTrustFacts *facts;

  if (g_strcmp0 (device_id, known->own->device_id) == 0) {
    facts = vm_trust_facts_copy (known->own);
    facts->damaged = known->damaged;
    return facts;
  }
  there = device_id ? g_hash_table_lookup (known->devices, device_id) : NULL;
  facts = there ? vm_trust_facts_copy (there) : vm_trust_facts_new (device_id);
  facts->damaged |= known->damaged;
  g_clear_pointer (&facts->changed_id, g_free);
  g_clear_pointer (&facts->changed_user, g_free);
  g_clear_pointer (&facts->changed_device, g_free);
  g_clear_pointer (&facts->changed_seen, g_date_time_unref);
  if (user && *user && device)
    add_changed (known, facts, user, device);
  /* how messages call it */
  if (!facts->user)
    facts->user = g_strdup (user);
  return facts;
}
