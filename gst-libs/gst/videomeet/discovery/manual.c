/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/manual.h"

#define ADDRESSES_MAX 8 /* of one name */

typedef struct
{
  VmManual *manual;
  gchar *text;
  GSocketConnectable *connectable;
  guint wait; /* ms until the next try */
  guint left; /* addresses still taken from this look-up */
  GSource *timer;
} Peer;

/* One address asked for; outlives its peer when that goes meanwhile. */
typedef struct
{
  Peer *peer;
  GCancellable *cancellable;
} Lookup;

struct _VmManual
{
  VmFinderEvents events;
  gpointer user_data;
  GPtrArray *peers;
  GCancellable *cancellable;
  GSource *start;
};

static gboolean on_try (gpointer user_data);

static void
peer_free (Peer *peer)
{
  vm_timer_clear (&peer->timer);
  g_clear_object (&peer->connectable);
  g_free (peer->text);
  g_free (peer);
}

static void next_address (GSocketAddressEnumerator *enumerator, Peer *peer);

static void
on_address (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_socket_address_enumerator_next_finish (
      G_SOCKET_ADDRESS_ENUMERATOR (source), result, &error);
  g_autofree Lookup *lookup = user_data;
  g_autoptr (GCancellable) cancellable = lookup->cancellable;
  Peer *peer = lookup->peer;
  VmManual *self;

  /* not the error: a result may have been ready before the cancellation */
  if (g_cancellable_is_cancelled (cancellable))
    return;
  self = peer->manual;
  if (address && G_IS_INET_SOCKET_ADDRESS (address)) {
    self->events.found (self->user_data, VM_METHODS_MANUAL, address, NULL);
    if (--peer->left) {
      next_address (G_SOCKET_ADDRESS_ENUMERATOR (source), peer);
      return;
    }
  }
  if (error && peer->wait == VM_MANUAL_RETRY) {
    g_autofree gchar *message = g_strdup_printf (
        "The peer “%s” has no address: %s", peer->text, error->message);

    self->events.warning (self->user_data, VM_METHODS_MANUAL, message);
  }
  /* for ever: it costs nothing once the device is known, and finds it again
   * after it was away */
  peer->timer = vm_timer_new (NULL, peer->wait, on_try, peer);
  peer->wait = MIN (2 * peer->wait, VM_MANUAL_RETRY_MAX);
}

static void
next_address (GSocketAddressEnumerator *enumerator, Peer *peer)
{
  Lookup *lookup = g_new (Lookup, 1);

  lookup->peer = peer;
  lookup->cancellable = g_object_ref (peer->manual->cancellable);
  g_socket_address_enumerator_next_async (
      enumerator, lookup->cancellable, on_address, lookup);
}

static gboolean
on_try (gpointer user_data)
{
  Peer *peer = user_data;
  g_autoptr (GSocketAddressEnumerator) enumerator =
      g_socket_connectable_enumerate (peer->connectable);

  vm_timer_clear (&peer->timer);
  peer->left = ADDRESSES_MAX;
  next_address (enumerator, peer);
  return G_SOURCE_REMOVE;
}

static void
add_peer (VmManual *self, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  GSocketConnectable *connectable =
      g_network_address_parse (text, VM_DEFAULT_PORT, &error);
  Peer *peer;

  if (!connectable
      || g_network_address_get_port (G_NETWORK_ADDRESS (connectable)) == 0) {
    g_autofree gchar *message =
        g_strdup_printf ("The peer “%s” is not host:port", text);

    g_clear_object (&connectable);
    self->events.warning (self->user_data, VM_METHODS_MANUAL, message);
    return;
  }
  peer = g_new0 (Peer, 1);
  peer->manual = self;
  peer->text = g_strdup (text);
  peer->connectable = connectable;
  peer->wait = VM_MANUAL_RETRY;
  g_ptr_array_add (self->peers, peer);
  on_try (peer);
}

static gboolean
on_start (gpointer user_data)
{
  VmManual *self = user_data;

  vm_timer_clear (&self->start);
  self->events.ready (self->user_data, VM_METHODS_MANUAL, TRUE);
  return G_SOURCE_REMOVE;
}

VmManual *
vm_manual_new (
    const gchar *peers, const VmFinderEvents *events, gpointer user_data)
{
  VmManual *self = g_new0 (VmManual, 1);
  g_auto (GStrv) parts = g_strsplit (peers ? peers : "", ",", -1);

  self->events = *events;
  self->user_data = user_data;
  self->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peer_free);
  self->cancellable = g_cancellable_new ();
  self->start = vm_timer_new (NULL, 0, on_start, self);
  for (guint i = 0; parts[i] && self->peers->len < VM_MANUAL_PEERS_MAX; i++) {
    if (*g_strstrip (parts[i]))
      add_peer (self, parts[i]);
  }
  return self;
}

void
vm_manual_free (VmManual *self)
{
  if (!self)
    return;
  /* a look-up that is out sees the cancellation before it looks at its peer */
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  vm_timer_clear (&self->start);
  g_ptr_array_unref (self->peers);
  g_free (self);
}
