/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/deviceid.h"
#include "base/base64.h"

#include <string.h>

#define ID_GROUP 4 /* characters between two dashes of a device id */

/* RFC 4648 §6, without padding, a dash after every ID_GROUP characters. */
static gchar *
base32_grouped (const guint8 *data, gsize size)
{
  static const gchar alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  GString *out = g_string_new (NULL);
  guint32 bits = 0;
  guint n_bits = 0, written = 0;

  for (gsize i = 0; i < size || n_bits > 0; i++) {
    bits = bits << 8 | (i < size ? data[i] : 0);
    n_bits += 8;
    while (n_bits >= 5) {
      if (written && written % ID_GROUP == 0)
        g_string_append_c (out, '-');
      g_string_append_c (out, alphabet[bits >> (n_bits - 5) & 31]);
      written++;
      n_bits -= 5;
      if (i >= size) {
        n_bits = 0;
        break;
      }
    }
  }
  return g_string_free (out, FALSE);
}

gchar *
vm_device_id_new (const guint8 *hash)
{
  return base32_grouped (hash, VM_DEVICE_ID_HASH_SIZE);
}

gchar *
vm_device_id_read_key_hash (const gchar *key_hash)
{
  guint8 hash[VM_DEVICE_ID_HASH_SIZE];

  return vm_base64url_read (key_hash, hash, sizeof hash)
             ? vm_device_id_new (hash)
             : NULL;
}

static guint
value_of (gchar c)
{
  return c >= 'A' ? c - 'A' : c - '2' + 26;
}

gchar *
vm_device_id_to_key_hash (const gchar *device_id)
{
  guint8 hash[VM_DEVICE_ID_HASH_SIZE];
  guint32 bits = 0;
  guint n_bits = 0, size = 0;

  if (!device_id || !vm_device_id_is_valid (device_id))
    return NULL;
  for (const gchar *c = device_id; *c && size < sizeof hash; c++) {
    if (*c == '-')
      continue;
    bits = bits << 5 | value_of (*c);
    n_bits += 5;
    if (n_bits < 8)
      continue;
    n_bits -= 8;
    hash[size++] = bits >> n_bits & 0xff;
  }
  return size == sizeof hash ? vm_base64url_write (hash, size) : NULL;
}

gboolean
vm_device_id_is_valid (const gchar *text)
{
  return strlen (text) == VM_DEVICE_ID_LENGTH
         && strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-")
                == VM_DEVICE_ID_LENGTH;
}
