/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/nats/natsbus.h"
#include "cluster/nats/natslink.h"

#define SUBJECT "vm.node.%s"

typedef struct
{
  gchar *subject; /* NULL: to stop */
  GBytes *frame;
} Saying;

struct _VmNatsBus
{
  VmNatsBusFuncs funcs;
  gpointer user_data;
  natsOptions *options; /* not changed once the threads run */
  gchar *subject; /* its own */
  GAsyncQueue *sayings;
  GThread *speaking; /* vm-nats-say */
  GThread *listening; /* vm-nats-hear */
  GMutex lock; /* of what follows */
  GCond stopped;
  gboolean stop;
};

static void
saying_free (gpointer data)
{
  Saying *saying = data;

  g_free (saying->subject);
  g_clear_pointer (&saying->frame, g_bytes_unref);
  g_free (saying);
}

static natsConnection *
connect_to (VmNatsBus *self)
{
  natsConnection *connection = NULL;
  natsStatus status = natsConnection_Connect (&connection, self->options);

  if (status == NATS_OK)
    return connection;
  g_info ("NATS cannot be reached: %s", natsStatus_GetText (status));
  natsConnection_Destroy (connection);
  return NULL;
}

/* @connection, or another when that is lost; NULL: none, and not tried again at
 * once. */
static natsConnection *
keep (VmNatsBus *self, natsConnection *connection, gint64 *tried)
{
  gint64 now = g_get_monotonic_time ();

  if (connection && !natsConnection_IsClosed (connection))
    return connection;
  natsConnection_Destroy (connection);
  if (*tried && now - *tried < VM_NATS_RETRY_TIME)
    return NULL;
  connection = connect_to (self);
  *tried = g_get_monotonic_time ();
  if (connection)
    self->funcs.back (self->user_data);
  return connection;
}

static void
say (natsConnection *connection, const Saying *saying)
{
  gsize size;
  const void *data = g_bytes_get_data (saying->frame, &size);
  natsStatus status =
      natsConnection_Publish (connection, saying->subject, data, (int) size);

  if (status != NATS_OK)
    g_info ("NATS takes no message: %s", natsStatus_GetText (status));
}

static gpointer
speak (gpointer data)
{
  VmNatsBus *self = data;
  natsConnection *connection = NULL;
  gint64 tried = 0;
  gboolean stop = FALSE;

  while (!stop) {
    Saying *saying = g_async_queue_pop (self->sayings);

    stop = !saying->subject;
    if (!stop)
      connection = keep (self, connection, &tried);
    if (!stop && connection)
      say (connection, saying);
    saying_free (saying);
  }
  natsConnection_Destroy (connection);
  nats_ReleaseThreadMemory ();
  return NULL;
}

/* Whether it is to stop; waits for that, or to try again. */
static gboolean
wait_to_stop (VmNatsBus *self, gint64 time)
{
  gint64 until = g_get_monotonic_time () + time;
  gboolean stop;

  g_mutex_lock (&self->lock);
  while (!self->stop && g_cond_wait_until (&self->stopped, &self->lock, until))
    ;
  stop = self->stop;
  g_mutex_unlock (&self->lock);
  return stop;
}

static void
hear (VmNatsBus *self, natsMsg *message)
{
  g_autoptr (GBytes) frame =
      g_bytes_new (natsMsg_GetData (message), natsMsg_GetDataLength (message));

  self->funcs.heard (frame, self->user_data);
}

/* Until the connection is lost, or it is to stop. */
static void
listen_at (VmNatsBus *self, natsConnection *connection)
{
  natsSubscription *subscription = NULL;
  natsStatus status =
      natsConnection_SubscribeSync (&subscription, connection, self->subject);

  /* whoever speaks from now on is heard */
  if (status == NATS_OK)
    status = natsConnection_FlushTimeout (connection, VM_NATS_ANSWER_TIME);
  if (status == NATS_OK)
    self->funcs.back (self->user_data);
  while ((status == NATS_OK || status == NATS_TIMEOUT
             || status == NATS_SLOW_CONSUMER)
         && !wait_to_stop (self, 0)) {
    natsMsg *message = NULL;

    status =
        natsSubscription_NextMsg (&message, subscription, VM_NATS_BUS_WAIT);
    if (message)
      hear (self, message);
    natsMsg_Destroy (message);
  }
  natsSubscription_Destroy (subscription);
}

static gpointer
hear_all (gpointer data)
{
  VmNatsBus *self = data;

  do {
    natsConnection *connection = connect_to (self);

    if (!connection)
      continue;
    listen_at (self, connection);
    natsConnection_Destroy (connection);
  } while (!wait_to_stop (self, VM_NATS_RETRY_TIME));
  nats_ReleaseThreadMemory ();
  return NULL;
}

static gchar *
subject_of (const gchar *node)
{
  g_autofree gchar *key = vm_cluster_key (node);

  return g_strdup_printf (SUBJECT, key);
}

VmNatsBus *
vm_nats_bus_new (const VmNatsConfig *config, const gchar *node,
    const VmNatsBusFuncs *funcs, gpointer user_data, GError **error)
{
  natsOptions *options = vm_nats_options_new (config, error);
  VmNatsBus *self;

  if (!options)
    return NULL;
  self = g_new0 (VmNatsBus, 1);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->options = options;
  self->subject = subject_of (node);
  self->sayings = g_async_queue_new_full (saying_free);
  g_mutex_init (&self->lock);
  g_cond_init (&self->stopped);
  self->speaking = g_thread_new ("vm-nats-say", speak, self);
  self->listening = g_thread_new ("vm-nats-hear", hear_all, self);
  return self;
}

void
vm_nats_bus_send (VmNatsBus *self, const gchar *node, GBytes *frame)
{
  Saying *saying;

  if (g_async_queue_length (self->sayings) >= VM_NATS_BUS_MAX)
    return;
  saying = g_new (Saying, 1);
  *saying = (Saying){ subject_of (node), g_bytes_ref (frame) };
  g_async_queue_push (self->sayings, saying);
}

void
vm_nats_bus_free (VmNatsBus *self)
{
  g_async_queue_push_front (self->sayings, g_new0 (Saying, 1));
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->stopped);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->speaking);
  g_thread_join (self->listening);
  g_async_queue_unref (self->sayings);
  natsOptions_Destroy (self->options);
  g_free (self->subject);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->stopped);
  g_free (self);
}
