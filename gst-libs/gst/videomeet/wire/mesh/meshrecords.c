/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/mesh/meshrecords.h"

#include <string.h>

typedef struct
{
  gchar *id;
  gchar *token;
  gchar *a;
  gchar *address;
  VmMeshKind kind;
  gint64 expires;
} Record;

struct _VmMeshRecords
{
  GHashTable *table; /* session id -> Record */
};

static void
record_free (gpointer data)
{
  Record *record = data;

  g_free (record->id);
  g_free (record->token);
  g_free (record->a);
  g_free (record->address);
  g_free (record);
}

VmMeshRecords *
vm_mesh_records_new (void)
{
  VmMeshRecords *records = g_new0 (VmMeshRecords, 1);

  records->table =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, record_free);
  return records;
}

void
vm_mesh_records_free (VmMeshRecords *records)
{
  g_hash_table_unref (records->table);
  g_free (records);
}

typedef struct
{
  guint of_device, of_address;
} Count;

/* Forgets what is over; how many are left of that device and that address. */
static Count
sweep (VmMeshRecords *records, const gchar *a, const gchar *address, gint64 now)
{
  GHashTableIter iter;
  gpointer value;
  Count n = { 0 };

  g_hash_table_iter_init (&iter, records->table);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Record *record = value;

    if (record->expires <= now) {
      g_hash_table_iter_remove (&iter);
      continue;
    }
    n.of_device += g_strcmp0 (record->a, a) == 0;
    n.of_address += address && g_strcmp0 (record->address, address) == 0;
  }
  return n;
}

guint
vm_mesh_records_count (VmMeshRecords *records, gint64 now)
{
  sweep (records, NULL, NULL, now);
  return g_hash_table_size (records->table);
}

gboolean
vm_mesh_records_add (VmMeshRecords *records, const VmMeshRecord *said,
    gint64 now, GError **error)
{
  Count n = sweep (records, said->a, said->address, now);
  Record *record;

  if (n.of_device >= VM_MESH_RECORDS_PER_DEVICE
      || n.of_address >= VM_MESH_RECORDS_PER_ADDRESS
      || g_hash_table_size (records->table) >= VM_MESH_RECORDS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many sessions are about to begin; try again in 3 minutes");
    return FALSE;
  }
  record = g_new (Record, 1);
  record->id = g_strdup (said->session_id);
  record->token = g_strdup (said->session_token);
  record->a = g_strdup (said->a);
  record->address = g_strdup (said->address);
  record->kind = said->kind;
  record->expires = now + VM_MESH_RECORD_TIME;
  g_hash_table_replace (records->table, record->id, record);
  return TRUE;
}

static gboolean
is_of (gpointer key, gpointer value, gpointer a)
{
  return strcmp (((Record *) value)->a, a) == 0;
}

void
vm_mesh_records_forget (VmMeshRecords *records, const gchar *a)
{
  g_hash_table_foreach_remove (records->table, is_of, (gpointer) a);
}

void
vm_mesh_records_remove (VmMeshRecords *records, const gchar *session_id)
{
  g_hash_table_remove (records->table, session_id);
}

/* As long for a wrong token as for a right one. */
static gboolean
equals (const gchar *a, const gchar *b)
{
  gsize size = strlen (b);
  guint differ = strlen (a) != size;

  for (gsize i = 0; a[i]; i++)
    differ |= (guint) (a[i] ^ b[i % (size + 1)]);
  return !differ;
}

typedef struct
{
  gchar *t, *id, *token, *from;
} Hello;

static void
hello_clear (Hello *hello)
{
  g_free (hello->t);
  g_free (hello->id);
  g_free (hello->token);
  g_free (hello->from);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Hello, hello_clear)

static gboolean
read_hello (Hello *hello, const gchar *text, gsize size)
{
  VmJson json;

  return size <= VM_MESH_P2P_HELLO_MAX && vm_json_read (&json, text, size, NULL)
         && vm_json_get_string (
             &json, 0, "t", VM_SIGNAL_ID_MAX, &hello->t, NULL)
         && vm_json_get_string (
             &json, 0, "session_id", VM_SIGNAL_NAME_MAX, &hello->id, NULL)
         && vm_json_get_string (
             &json, 0, "session_token", VM_SIGNAL_NAME_MAX, &hello->token, NULL)
         && vm_json_get_string (
             &json, 0, "from_device_id", VM_SIGNAL_NAME_MAX, &hello->from, NULL)
         && g_strcmp0 (hello->t, "P2P_HELLO") == 0 && hello->id && hello->token
         && hello->from;
}

gboolean
vm_mesh_records_redeem (VmMeshRecords *records, const gchar *text, gsize size,
    gint64 now, VmMeshKind *kind, GError **error)
{
  g_auto (Hello) hello = { NULL };
  const Record *record;

  if (!read_hello (&hello, text, size)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The first message of a session is no P2P_HELLO");
    return FALSE;
  }
  sweep (records, NULL, NULL, now);
  record = g_hash_table_lookup (records->table, hello.id);
  if (!record || !equals (hello.token, record->token)
      || strcmp (hello.from, record->a) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
        "There is no such session, or it was begun, or is older than 3 "
        "minutes");
    return FALSE;
  }
  *kind = record->kind;
  g_hash_table_remove (records->table, hello.id);
  return TRUE;
}
