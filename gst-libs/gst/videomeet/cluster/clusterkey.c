/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusterkey.h"
#include "base/base64.h"
#include "trust/keys/transcript.h"

#include <string.h>

/* characters: base64url of VM_CLUSTER_TOKEN_RANDOM */
#define RANDOM_LENGTH 20

static const gchar alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static gchar *
to_key (const guint8 *hash)
{
  gchar *key = g_malloc (VM_CLUSTER_KEY_LENGTH + 1);
  guint bits = 0, n = 0, length = 0;

  for (guint i = 0; i < VM_SHA256_SIZE; i++) {
    bits = bits << 8 | hash[i];
    for (n += 8; n >= 5; n -= 5)
      key[length++] = alphabet[bits >> (n - 5) & 31];
  }
  key[length++] = alphabet[bits << (5 - n) & 31];
  key[length] = '\0';
  return key;
}

gchar *
vm_cluster_key (const gchar *name)
{
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 (name, strlen (name), hash);
  return to_key (hash);
}

gboolean
vm_cluster_is_key (const gchar *text)
{
  return strspn (text, alphabet) == VM_CLUSTER_KEY_LENGTH
         && !text[VM_CLUSTER_KEY_LENGTH];
}

gboolean
vm_cluster_is_node (const gchar *node)
{
  gsize length = strspn (node, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-_");

  return length > 0 && length <= VM_CLUSTER_NODE_MAX && !node[length];
}

gchar *
vm_cluster_token_new (const guint8 *random, const gchar *name)
{
  g_autofree gchar *secret =
      vm_base64url_write (random, VM_CLUSTER_TOKEN_RANDOM);
  guint8 hash[VM_SHA256_SIZE];
  g_autofree gchar *room = NULL;

  vm_sha256 (name, strlen (name), hash);
  room = vm_base64url_write (hash, sizeof hash);
  return g_strconcat (secret, room, NULL);
}

gchar *
vm_cluster_token_get_key (const gchar *token)
{
  guint8 hash[VM_SHA256_SIZE];

  if (strlen (token) != VM_CLUSTER_TOKEN_LENGTH
      || !vm_base64url_read (token + RANDOM_LENGTH, hash, sizeof hash))
    return NULL;
  return to_key (hash);
}
