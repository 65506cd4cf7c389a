/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicpunch.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

/* The first byte is of the range that no protocol beside QUIC has
 * (RFC 9443 §3), and QUIC has none below 64. */
static const guint8 magic[4] = { 0x0b, 'V', 'M', '2' };

typedef enum
{
  PING = 0,
  PONG = 1,
  MOVED = 2,
} Kind;

/* magic, kind, side, two zero bytes, id, what an answer repeats, tag */
#define AT_KIND 4
#define AT_SIDE 5
#define AT_ID 8
#define AT_NONCE 16
#define AT_TAG 24
#define TAG_SIZE 16

G_STATIC_ASSERT (AT_TAG + TAG_SIZE == VM_QUIC_PUNCH_SIZE);

gboolean
vm_quic_punch_is (const guint8 *data, gsize size)
{
  return size == VM_QUIC_PUNCH_SIZE && memcmp (data, magic, sizeof magic) == 0;
}

const guint8 *
vm_quic_punch_get_id (const guint8 *data)
{
  return data + AT_ID;
}

static void
hmac (const guint8 *key, gsize key_size, const guint8 *data, gsize size,
    guint8 out[32])
{
  g_autoptr (GHmac) sum = g_hmac_new (G_CHECKSUM_SHA256, key, key_size);
  gsize n = 32;

  g_hmac_update (sum, data, size);
  g_hmac_get_digest (sum, out, &n);
}

static void
seal (const VmQuicPunch *self, const guint8 *data, guint8 tag[TAG_SIZE])
{
  guint8 sum[32];

  hmac (self->key, sizeof self->key, data, AT_TAG, sum);
  memcpy (tag, sum, TAG_SIZE);
}

static void
write_datagram (const VmQuicPunch *self, Kind kind, const guint8 *nonce,
    guint8 data[VM_QUIC_PUNCH_SIZE])
{
  memset (data, 0, VM_QUIC_PUNCH_SIZE);
  memcpy (data, magic, sizeof magic);
  data[AT_KIND] = kind;
  data[AT_SIDE] = self->asking;
  memcpy (data + AT_ID, self->id, sizeof self->id);
  memcpy (data + AT_NONCE, nonce, VM_QUIC_PUNCH_NONCE_SIZE);
  seal (self, data, data + AT_TAG);
}

static void
add_target (VmQuicPunch *self, const VmQuicAddress *address)
{
  for (guint i = 0; i < self->n_targets; i++)
    if (vm_quic_address_equal (&self->targets[i].address, address))
      return;
  if (self->n_targets < VM_QUIC_CANDIDATES_MAX)
    self->targets[self->n_targets++].address = *address;
}

static gboolean
names_this_machine (
    const VmQuicCandidate *candidates, guint n, const VmQuicOwn *own)
{
  VmQuicAddress address;

  for (guint i = 0; i < n; i++)
    if (vm_quic_address_from_text (
            candidates[i].ip, candidates[i].port, &address)
        && !vm_quic_address_is_loopback (&address)
        && vm_quic_own_has (own, &address))
      return TRUE;
  return FALSE;
}

void
vm_quic_punch_init (VmQuicPunch *self, gboolean asking, GBytes *secret,
    const VmQuicCandidate *candidates, guint n, const VmQuicOwn *own,
    gboolean loopback, gint64 now)
{
  static const guint8 purpose[] = "videomeet punch", id[] = "id";
  guint8 sum[32];
  gsize size = 0;
  const guint8 *data = secret ? g_bytes_get_data (secret, &size) : NULL;

  memset (self, 0, sizeof *self);
  self->asking = asking;
  hmac (data ? data : purpose, size, purpose, sizeof purpose, self->key);
  hmac (self->key, sizeof self->key, id, sizeof id, sum);
  memcpy (self->id, sum, sizeof self->id);
  RAND_bytes (self->nonce, sizeof self->nonce);
  n = MIN (n, VM_QUIC_CANDIDATES_MAX);
  loopback = loopback || names_this_machine (candidates, n, own);
  for (guint i = 0; i < n; i++) {
    VmQuicAddress address;

    if (vm_quic_address_from_text (
            candidates[i].ip, candidates[i].port, &address)
        && vm_quic_own_allows (own, &address, loopback))
      add_target (self, &address);
  }
  self->next = now;
  self->until = now + VM_QUIC_PUNCH_TIME;
}

void
vm_quic_punch_again (
    VmQuicPunch *self, const VmQuicAddress *address, gint64 now)
{
  self->n_targets = 0;
  memset (self->targets, 0, sizeof self->targets);
  self->answers = 0;
  self->moved = TRUE;
  add_target (self, address);
  self->next = now;
  self->until = now + VM_QUIC_PUNCH_TIME;
}

gint64
vm_quic_punch_get_wake (const VmQuicPunch *self)
{
  return self->n_targets ? self->next : G_MAXINT64;
}

gboolean
vm_quic_punch_next (VmQuicPunch *self, guint *i, gint64 now,
    guint8 data[VM_QUIC_PUNCH_SIZE], VmQuicAddress *to)
{
  if (now < self->next)
    return FALSE;
  if (now >= self->until) {
    self->next = G_MAXINT64;
    return FALSE;
  }
  while (*i < self->n_targets) {
    *to = self->targets[(*i)++].address;
    if (!vm_quic_punch_spend (self, to, now))
      continue;
    write_datagram (self, self->moved ? MOVED : PING, self->nonce, data);
    return TRUE;
  }
  self->next = now + VM_QUIC_PUNCH_INTERVAL;
  return FALSE;
}

/* A NAT may show another address than the candidates. Only an answer proves
 * that somebody is there: a question may be repeated under any address. */
static void
hear (VmQuicPunch *self, const VmQuicAddress *from, gboolean answered)
{
  add_target (self, from);
  for (guint i = 0; answered && i < self->n_targets; i++)
    if (vm_quic_address_equal (&self->targets[i].address, from))
      self->targets[i].heard = TRUE;
}

VmQuicPunchKind
vm_quic_punch_take (VmQuicPunch *self, const guint8 *data, gsize size,
    const VmQuicAddress *from, guint8 answer[VM_QUIC_PUNCH_SIZE])
{
  guint8 tag[TAG_SIZE];

  if (!vm_quic_punch_is (data, size) || data[AT_SIDE] == self->asking)
    return VM_QUIC_PUNCH_FORGED;
  seal (self, data, tag);
  if (CRYPTO_memcmp (tag, data + AT_TAG, TAG_SIZE) != 0)
    return VM_QUIC_PUNCH_FORGED;
  if (data[AT_KIND] == PONG) {
    if (memcmp (data + AT_NONCE, self->nonce, sizeof self->nonce) != 0)
      return VM_QUIC_PUNCH_FORGED;
    hear (self, from, TRUE);
    if (self->budget)
      vm_quic_budget_clear (self->budget, from);
    return VM_QUIC_PUNCH_ANSWER;
  }
  if (self->answers >= VM_QUIC_PUNCH_ANSWERS_MAX)
    return VM_QUIC_PUNCH_FORGED;
  self->answers++;
  write_datagram (self, PONG, data + AT_NONCE, answer);
  hear (self, from, FALSE);
  return data[AT_KIND] == MOVED ? VM_QUIC_PUNCH_MOVED : VM_QUIC_PUNCH_QUESTION;
}

const VmQuicTarget *
vm_quic_punch_get_heard (const VmQuicPunch *self)
{
  for (guint i = 0; i < self->n_targets; i++)
    if (self->targets[i].heard)
      return &self->targets[i];
  return NULL;
}

gboolean
vm_quic_punch_spend (VmQuicPunch *self, const VmQuicAddress *to, gint64 now)
{
  for (guint i = 0; i < self->n_targets; i++) {
    VmQuicTarget *target = &self->targets[i];

    if (!vm_quic_address_equal (&target->address, to))
      continue;
    if (target->heard)
      return TRUE;
    if (target->sent >= VM_QUIC_PUNCH_MAX
        || (self->budget && !vm_quic_budget_spend (self->budget, to, now)))
      return FALSE;
    target->sent++;
    return TRUE;
  }
  return TRUE;
}
