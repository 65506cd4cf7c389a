/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/nats/natssubscriptions.h"

#include <string.h>

/* The subscriptions refer to it. It may outlive its owner: libnats says when a
 * subscription is over, on a thread of its own. */
typedef struct
{
  GMutex lock; /* of what follows; held during the callback */
  VmNatsChanged changed; /* NULL: the owner is freed */
  gpointer user_data;
} Hub;

struct _VmNatsSubscriptions
{
  Hub *hub; /* counted, g_atomic_rc_box */
  VmNatsLink *link; /* or NULL */
  GHashTable *keys; /* key -> natsSubscription; NULL without a link */
};

static void
hub_clear (gpointer data)
{
  Hub *hub = data;

  g_mutex_clear (&hub->lock);
}

static void
hub_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, hub_clear);
}

static void
subscription_free (gpointer data)
{
  if (data)
    natsSubscription_Destroy (data);
}

VmNatsSubscriptions *
vm_nats_subscriptions_new (VmNatsChanged changed, gpointer user_data)
{
  VmNatsSubscriptions *self = g_new0 (VmNatsSubscriptions, 1);

  self->hub = g_atomic_rc_box_new0 (Hub);
  g_mutex_init (&self->hub->lock);
  self->hub->changed = changed;
  self->hub->user_data = user_data;
  self->keys = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, subscription_free);
  return self;
}

void
vm_nats_subscriptions_free (VmNatsSubscriptions *self)
{
  g_mutex_lock (&self->hub->lock);
  self->hub->changed = NULL;
  g_mutex_unlock (&self->hub->lock);
  g_hash_table_unref (self->keys);
  hub_unref (self->hub);
  g_free (self);
}

guint
vm_nats_subscriptions_count (VmNatsSubscriptions *self)
{
  return g_hash_table_size (self->keys);
}

static void
read_change (Hub *hub, natsMsg *message)
{
  const gchar *subject = natsMsg_GetSubject (message);
  const char *sequence = NULL, *operation = NULL;
  g_autoptr (GBytes) value = NULL;
  guint64 revision;

  if (!g_str_has_prefix (subject, VM_NATS_CHANGES_SUBJECT)
      || natsMsgHeader_Get (message, "Nats-Sequence", &sequence) != NATS_OK
      || !g_ascii_string_to_unsigned (
          sequence, 10, 1, G_MAXUINT64, &revision, NULL))
    return;
  if (natsMsgHeader_Get (message, VM_NATS_OPERATION, &operation) != NATS_OK)
    value = g_bytes_new (
        natsMsg_GetData (message), natsMsg_GetDataLength (message));
  g_mutex_lock (&hub->lock);
  if (hub->changed)
    hub->changed (subject + strlen (VM_NATS_CHANGES_SUBJECT), value, revision,
        hub->user_data);
  g_mutex_unlock (&hub->lock);
}

static void
on_message (natsConnection *connection, natsSubscription *subscription,
    natsMsg *message, void *user_data)
{
  read_change (user_data, message);
  natsMsg_Destroy (message);
}

/* NULL: the link is lost, and another one follows. */
static natsSubscription *
subscribe (VmNatsSubscriptions *self, const gchar *key)
{
  g_autofree gchar *subject = g_strconcat (VM_NATS_CHANGES_SUBJECT, key, NULL);
  Hub *hub = g_atomic_rc_box_acquire (self->hub);
  natsSubscription *subscription = NULL;
  natsStatus status = natsConnection_Subscribe (
      &subscription, self->link->connection, subject, on_message, hub);

  if (status == NATS_OK
      && natsSubscription_SetOnCompleteCB (subscription, hub_unref, hub)
             == NATS_OK)
    return subscription;
  g_info ("NATS takes no subscription: %s", natsStatus_GetText (status));
  natsSubscription_Destroy (subscription);
  hub_unref (hub);
  return NULL;
}

void
vm_nats_subscriptions_move (VmNatsSubscriptions *self, VmNatsLink *link)
{
  GHashTableIter iter;
  gpointer key;

  self->link = link;
  g_hash_table_iter_init (&iter, self->keys);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_hash_table_iter_replace (&iter, link ? subscribe (self, key) : NULL);
}

void
vm_nats_subscriptions_add (VmNatsSubscriptions *self, const gchar *key)
{
  if (!g_hash_table_contains (self->keys, key))
    g_hash_table_insert (
        self->keys, g_strdup (key), self->link ? subscribe (self, key) : NULL);
}

void
vm_nats_subscriptions_remove (VmNatsSubscriptions *self, const gchar *key)
{
  g_hash_table_remove (self->keys, key);
}
