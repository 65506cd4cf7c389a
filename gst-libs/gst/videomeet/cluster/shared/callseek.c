/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/shared/callseek.h"
#include "cluster/clusterkey.h"

#include <string.h>

struct _VmCallSeek
{
  GHashTable *sought; /* name -> Sought */
};

typedef struct
{
  gchar *key;
  gint64 since;
  GQueue words; /* of Word */
  gsize bytes;
} Sought;

typedef struct
{
  gchar *from, *call_id;
  GBytes *text;
} Word;

static void
word_free (gpointer data)
{
  Word *word = data;

  g_free (word->from);
  g_free (word->call_id);
  g_bytes_unref (word->text);
  g_free (word);
}

static void
sought_free (gpointer data)
{
  Sought *sought = data;

  g_queue_clear_full (&sought->words, word_free);
  g_free (sought->key);
  g_free (sought);
}

VmCallSeek *
vm_call_seek_new (void)
{
  VmCallSeek *self = g_new0 (VmCallSeek, 1);

  self->sought =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, sought_free);
  return self;
}

void
vm_call_seek_free (VmCallSeek *self)
{
  g_hash_table_unref (self->sought);
  g_free (self);
}

gboolean
vm_call_seek_has (VmCallSeek *self, const gchar *name)
{
  return g_hash_table_contains (self->sought, name);
}

static Sought *
begin (VmCallSeek *self, const gchar *name, gint64 now)
{
  Sought *sought = g_new0 (Sought, 1);

  sought->key = vm_cluster_key (name);
  sought->since = now;
  g_queue_init (&sought->words);
  g_hash_table_insert (self->sought, g_strdup (name), sought);
  return sought;
}

void
vm_call_seek_say (VmCallSeek *self, const gchar *from, const gchar *to,
    const gchar *call_id, GBytes *text, gint64 now)
{
  Sought *sought = g_hash_table_lookup (self->sought, to);
  Word *word;

  if (!sought)
    sought = begin (self, to, now);
  if (sought->words.length >= VM_CALL_SEEK_WORDS
      || sought->bytes + g_bytes_get_size (text) > VM_CALL_SEEK_BYTES)
    return;
  word = g_new (Word, 1);
  *word = (Word){ g_strdup (from), g_strdup (call_id), g_bytes_ref (text) };
  sought->bytes += g_bytes_get_size (text);
  g_queue_push_tail (&sought->words, word);
}

GPtrArray *
vm_call_seek_list (VmCallSeek *self, const gchar *key, gint64 now)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, self->sought);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    const Sought *sought = value;

    if (key ? strcmp (sought->key, key) == 0
            : now - sought->since >= VM_CALL_SEEK_TIME)
      g_ptr_array_add (names, g_strdup (name));
  }
  return names;
}

void
vm_call_seek_end (VmCallSeek *self, const gchar *name, const gchar *node,
    VmCallSeekSay say, gpointer user_data)
{
  Sought *sought = g_hash_table_lookup (self->sought, name);

  if (!sought)
    return;
  for (GList *one = sought->words.head; one && node; one = one->next) {
    const Word *word = one->data;

    say (node, word->from, name, word->call_id, word->text, user_data);
  }
  g_hash_table_remove (self->sought, name);
}
