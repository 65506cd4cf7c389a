/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/transfer/transfers.h"

#include <gst/videomeet/vmerror.h>
#include "base/limits.h"

#define TICKET_BYTES 16

typedef struct
{
  gchar *ticket;
  gchar *device_id;
  gchar *address;
  gchar *id;
  gint64 expires; /* µs */
} Grant;

struct _VmTransfers
{
  VmTransfersRandom random;
  gpointer user_data;
  GQueue grants; /* of Grant, the oldest first */
};

static void
grant_free (Grant *grant)
{
  g_free (grant->ticket);
  g_free (grant->device_id);
  g_free (grant->address);
  g_free (grant->id);
  g_free (grant);
}

VmTransfers *
vm_transfers_new (VmTransfersRandom random, gpointer user_data)
{
  VmTransfers *self = g_new0 (VmTransfers, 1);

  self->random = random;
  self->user_data = user_data;
  g_queue_init (&self->grants);
  return self;
}

void
vm_transfers_free (VmTransfers *self)
{
  g_queue_clear_full (&self->grants, (GDestroyNotify) grant_free);
  g_free (self);
}

static void
forget_old (VmTransfers *self, gint64 now)
{
  Grant *grant;

  while ((grant = g_queue_peek_head (&self->grants)) && grant->expires <= now)
    grant_free (g_queue_pop_head (&self->grants));
}

guint
vm_transfers_count (VmTransfers *self, gint64 now)
{
  forget_old (self, now);
  return self->grants.length;
}

/* The oldest of a device, or, without one, of an address, when it has @most. */
static void
drop_oldest (
    VmTransfers *self, const gchar *device_id, const gchar *address, guint most)
{
  GList *oldest = NULL;
  guint n = 0;

  for (GList *l = self->grants.head; l; l = l->next) {
    const Grant *grant = l->data;

    if (!g_str_equal (device_id ? grant->device_id : grant->address,
            device_id ? device_id : address))
      continue;
    n++;
    oldest = oldest ? oldest : l;
  }
  if (n < most)
    return;
  grant_free (oldest->data);
  g_queue_delete_link (&self->grants, oldest);
}

/* Who asks again and again only replaces its own, however many keys it
 * makes. */
static gboolean
make_room (VmTransfers *self, const gchar *device_id, const gchar *address,
    GError **error)
{
  drop_oldest (self, device_id, NULL, VM_TRANSFER_TICKETS_PER_DEVICE);
  drop_oldest (self, NULL, address, VM_TRANSFER_TICKETS_PER_ADDRESS);
  if (self->grants.length < VM_TRANSFER_TICKETS_MAX)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many files are about to be sent here; try again in half a minute");
  return FALSE;
}

static gchar *
make_ticket (VmTransfers *self)
{
  guint8 bytes[TICKET_BYTES];
  GString *text = g_string_new (NULL);

  self->random (bytes, sizeof bytes, self->user_data);
  for (guint i = 0; i < sizeof bytes; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}

gchar *
vm_transfers_grant (VmTransfers *self, const gchar *device_id,
    const gchar *address, const gchar *id, gint64 now, GError **error)
{
  Grant *grant;

  forget_old (self, now);
  if (!make_room (self, device_id, address, error))
    return NULL;
  grant = g_new0 (Grant, 1);
  grant->ticket = make_ticket (self);
  grant->device_id = g_strdup (device_id);
  grant->address = g_strdup (address);
  grant->id = g_strdup (id);
  grant->expires = now + VM_TICKET_TIME;
  g_queue_push_tail (&self->grants, grant);
  return g_strdup (grant->ticket);
}

gchar *
vm_transfers_use (VmTransfers *self, const gchar *ticket,
    const gchar *device_id, gint64 now, GError **error)
{
  forget_old (self, now);
  for (GList *l = self->grants.head; l; l = l->next) {
    Grant *grant = l->data;
    gchar *id;

    if (g_strcmp0 (grant->ticket, ticket) != 0
        || g_strcmp0 (grant->device_id, device_id) != 0)
      continue;
    id = g_steal_pointer (&grant->id);
    g_queue_delete_link (&self->grants, l);
    grant_free (grant);
    return id;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_TICKET,
      "The ticket is unknown, used, or older than 30 seconds");
  return NULL;
}
