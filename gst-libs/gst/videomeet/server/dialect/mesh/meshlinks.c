/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/mesh/meshlinks.h"

#include <openssl/crypto.h>
#include <string.h>

struct _VmMeshLinks
{
  GHashTable *table; /* id -> VmMeshLink */
  guint64 numbers;
};

static void
link_free (gpointer data)
{
  VmMeshLink *link = data;

  g_warn_if_fail (!link->end[VM_MESH_SIDE_A] && !link->end[VM_MESH_SIDE_B]);
  for (guint i = 0; i < VM_MESH_N_SIDES; i++) {
    g_free (link->device[i]);
    g_free (link->ticket[i]);
  }
  g_free (link->address);
  g_free (link->id);
  g_free (link->room);
  g_free (link);
}

VmMeshLinks *
vm_mesh_links_new (void)
{
  VmMeshLinks *links = g_new0 (VmMeshLinks, 1);

  links->table =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, link_free);
  return links;
}

void
vm_mesh_links_free (VmMeshLinks *links)
{
  g_hash_table_unref (links->table);
  g_free (links);
}

static gboolean
is_older (const VmMeshLink *link, const VmMeshLink *than)
{
  return !than || link->number < than->number;
}

/* Links, and the oldest of them. */
typedef struct
{
  VmMeshLink *oldest;
  guint n;
} Share;

static void
count (Share *share, VmMeshLink *link)
{
  share->n++;
  if (is_older (link, share->oldest))
    share->oldest = link;
}

VmMeshLink *
vm_mesh_links_find_surplus (
    VmMeshLinks *links, const gchar *device, const gchar *address)
{
  Share all = { NULL }, of_device = { NULL }, of_address = { NULL };
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, links->table);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmMeshLink *link = value;

    count (&all, link);
    if (strcmp (link->device[VM_MESH_SIDE_A], device) == 0)
      count (&of_device, link);
    if (g_strcmp0 (link->address, address) == 0)
      count (&of_address, link);
  }
  if (of_device.n >= VM_MESH_LINKS_PER_DEVICE)
    return of_device.oldest;
  if (of_address.n >= VM_MESH_LINKS_PER_ADDRESS)
    return of_address.oldest;
  return all.n >= VM_MESH_LINKS_MAX ? all.oldest : NULL;
}

VmMeshLink *
vm_mesh_links_add (VmMeshLinks *links, const gchar *id, const gchar *room,
    VmMeshKind kind, const gchar *a, const gchar *b, const gchar *address,
    gint64 now)
{
  VmMeshLink *link = g_new0 (VmMeshLink, 1);

  link->id = g_strdup (id);
  link->room = g_strdup (room);
  link->kind = kind;
  link->device[VM_MESH_SIDE_A] = g_strdup (a);
  link->device[VM_MESH_SIDE_B] = g_strdup (b);
  link->address = g_strdup (address);
  link->number = ++links->numbers;
  link->ticket_at = now;
  g_hash_table_replace (links->table, link->id, link);
  return link;
}

VmMeshLink *
vm_mesh_links_find (VmMeshLinks *links, const gchar *id, const gchar *room,
    const gchar *device, VmMeshSide *side)
{
  VmMeshLink *link = g_hash_table_lookup (links->table, id);

  if (!link || strcmp (link->room, room) != 0)
    return NULL;
  for (guint i = 0; i < VM_MESH_N_SIDES; i++) {
    if (strcmp (link->device[i], device) == 0) {
      *side = i;
      return link;
    }
  }
  return NULL;
}

static gboolean
is_ticket (const gchar *own, const gchar *said)
{
  return own && strlen (own) == strlen (said)
         && CRYPTO_memcmp (own, said, strlen (own)) == 0;
}

VmMeshLink *
vm_mesh_links_find_ticket (VmMeshLinks *links, const gchar *ticket, gint64 age,
    gint64 now, VmMeshSide *side, GError **error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, links->table);
  while (ticket && g_hash_table_iter_next (&iter, NULL, &value)) {
    VmMeshLink *link = value;

    for (guint i = 0; i < VM_MESH_N_SIDES; i++) {
      if (!is_ticket (link->ticket[i], ticket) || now - link->ticket_at >= age)
        continue;
      *side = i;
      return link;
    }
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_TICKET,
      "The ticket to the relay is unknown at this server, used, or too old");
  return NULL;
}

void
vm_mesh_link_use_ticket (VmMeshLink *link, VmMeshSide side)
{
  g_clear_pointer (&link->ticket[side], g_free);
}

void
vm_mesh_links_remove (VmMeshLinks *links, VmMeshLink *link)
{
  g_hash_table_remove (links->table, link->id);
}

GPtrArray *
vm_mesh_links_list (VmMeshLinks *links, const gchar *room, const gchar *device)
{
  GPtrArray *found = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, links->table);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const VmMeshLink *link = value;

    if ((!room || strcmp (link->room, room) == 0)
        && (!device || strcmp (link->device[VM_MESH_SIDE_A], device) == 0
            || strcmp (link->device[VM_MESH_SIDE_B], device) == 0))
      g_ptr_array_add (found, value);
  }
  return found;
}

guint
vm_mesh_links_count (VmMeshLinks *links)
{
  return g_hash_table_size (links->table);
}
