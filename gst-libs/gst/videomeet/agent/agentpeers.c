/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agentpeers.h"

#include <gst/videomeet/vmerror.h>
#include <string.h>

#define TOLD_MAX 8 /* of those who are in the room */

static void
refuse (GHashTable *peers, const gchar *name, GError **error)
{
  g_autoptr (GString) there = g_string_new (NULL);
  guint n = g_hash_table_size (peers), i = 0;
  GHashTableIter iter;
  gpointer id, user;

  g_hash_table_iter_init (&iter, peers);
  while (i < TOLD_MAX && g_hash_table_iter_next (&iter, &id, &user))
    g_string_append_printf (
        there, "%s%s (%s)", i++ ? ", " : "", (gchar *) user, (gchar *) id);
  if (n > i)
    g_string_append_printf (there, " and %u more", n - i);
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "No agent of \"%s\" is in the room%s%s", name,
      n ? "; there are: " : ", and no other agent either", there->str);
}

const gchar *
vm_agent_peers_find (GHashTable *peers, const gchar *name, GError **error)
{
  const gchar *found = NULL;
  GHashTableIter iter;
  gpointer id, user;

  g_hash_table_iter_init (&iter, peers);
  while (g_hash_table_iter_next (&iter, &id, &user)) {
    if (strcmp (id, name) == 0)
      return id;
    if (strcmp (user, name) != 0)
      continue;
    if (found) {
      g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
          "Several agents in the room are of \"%s\": name one by its device "
          "id",
          name);
      return NULL;
    }
    found = id;
  }
  if (!found)
    refuse (peers, name, error);
  return found;
}
