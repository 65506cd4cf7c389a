/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

/* webrtcbin 1.22.0 draws the number of its SCTP association, which has to be
 * its own in the process, out of 65,535 and does not look whether it is taken.
 * With 90 connections in a process two have the same in one of twenty runs:
 * their data channels never open, and the task of the second one's sctpenc runs
 * where nobody stops it, so that whoever frees it waits for ever (GStreamer's
 * issue 4188). So each connection is given one. */

static GMutex associations_lock;
static GHashTable *associations; /* under that; numbers */
static guint last_association; /* likewise; given out last */

guint
vm_peer_association_take (void)
{
  guint id = VM_PEER_ASSOCIATION_NONE;

  g_mutex_lock (&associations_lock);
  if (!associations)
    associations = g_hash_table_new (NULL, NULL);
  if (g_hash_table_size (associations) < VM_PEER_ASSOCIATIONS_MAX) {
    do {
      last_association = last_association % VM_PEER_ASSOCIATIONS_MAX + 1;
    } while (g_hash_table_contains (
        associations, GUINT_TO_POINTER (last_association)));
    g_hash_table_add (associations, GUINT_TO_POINTER (last_association));
    id = last_association;
  }
  g_mutex_unlock (&associations_lock);
  return id;
}

void
vm_peer_association_give_back (guint id)
{
  g_mutex_lock (&associations_lock);
  if (id != VM_PEER_ASSOCIATION_NONE)
    g_hash_table_remove (associations, GUINT_TO_POINTER (id));
  if (associations && g_hash_table_size (associations) == 0)
    g_clear_pointer (&associations, g_hash_table_unref);
  g_mutex_unlock (&associations_lock);
}

VmPeerLink *
vm_peer_link_new (VmPeer *peer, GMainContext *context, VmPeerSampleFunc func,
    gpointer user_data, GDestroyNotify notify)
{
  VmPeerLink *link = g_new0 (VmPeerLink, 1);

  g_atomic_ref_count_init (&link->ref_count);
  g_weak_ref_init (&link->peer, peer);
  link->context = g_main_context_ref (context);
  link->func = func;
  link->user_data = user_data;
  link->notify = notify;
  link->association = vm_peer_association_take ();
  link->loss = -1;
  g_mutex_init (&link->lock);
  g_cond_init (&link->left);
  for (guint i = 0; i < VM_PEER_MLINES_MAX; i++)
    link->mline_stream[i] = -1;
  return link;
}

VmPeerLink *
vm_peer_link_ref (VmPeerLink *link)
{
  g_atomic_ref_count_inc (&link->ref_count);
  return link;
}

void
vm_peer_link_unref (VmPeerLink *link)
{
  if (!g_atomic_ref_count_dec (&link->ref_count))
    return;
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    gst_clear_caps (&link->out[i].caps);
  vm_peer_association_give_back (link->association);
  g_weak_ref_clear (&link->peer);
  g_main_context_unref (link->context);
  g_strfreev (link->fingerprints);
  g_mutex_clear (&link->lock);
  g_cond_clear (&link->left);
  g_free (link);
}

VmPeerBranch *
vm_peer_branch_new (VmPeerLink *link, VmPeerStream stream)
{
  VmPeerBranch *branch = g_new (VmPeerBranch, 1);

  *branch = (VmPeerBranch){ vm_peer_link_ref (link), stream };
  return branch;
}

void
vm_peer_branch_free (gpointer data)
{
  VmPeerBranch *branch = data;

  vm_peer_link_unref (branch->link);
  g_free (branch);
}

void
vm_peer_link_unref_closure (gpointer link, GClosure *closure)
{
  vm_peer_link_unref (link);
}

typedef struct
{
  VmPeerLink *link;
  VmPeerFunc func;
  gpointer data;
  GDestroyNotify notify;
} Post;

static gboolean
post_run (gpointer user_data)
{
  Post *post = user_data;
  g_autoptr (VmPeer) self = g_weak_ref_get (&post->link->peer);

  if (self && vm_peer_is_live (self))
    post->func (self, post->data);
  return G_SOURCE_REMOVE;
}

static void
post_free (gpointer user_data)
{
  Post *post = user_data;

  if (post->notify)
    post->notify (post->data);
  vm_peer_link_unref (post->link);
  g_free (post);
}

/* Always a source of its own and never a direct call, as
 * g_main_context_invoke() may be: what one thread posts stays in order, and
 * nothing runs inside its caller. */
void
vm_peer_link_post (
    VmPeerLink *link, VmPeerFunc func, gpointer data, GDestroyNotify notify)
{
  Post *post = g_new (Post, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  *post = (Post){ vm_peer_link_ref (link), func, data, notify };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "vm-peer-post");
  g_source_set_callback (source, post_run, post, post_free);
  g_source_attach (source, link->context);
}

gboolean
vm_peer_link_enter (VmPeerLink *link, VmPeerStream stream)
{
  gboolean open;

  g_mutex_lock (&link->lock);
  open = !link->closed && link->func && link->in[stream].wanted;
  if (open)
    link->in[stream].inside++;
  g_mutex_unlock (&link->lock);
  return open;
}

void
vm_peer_link_leave (VmPeerLink *link, VmPeerStream stream)
{
  g_mutex_lock (&link->lock);
  if (--link->in[stream].inside == 0)
    g_cond_broadcast (&link->left);
  g_mutex_unlock (&link->lock);
}

/* With the lock held. FALSE: a sample function blocks. */
static gboolean
wait_until_left (VmPeerLink *link, VmPeerStream stream, gint64 deadline)
{
  while (link->in[stream].inside) {
    if (!g_cond_wait_until (&link->left, &link->lock, deadline))
      return FALSE;
  }
  return TRUE;
}

static gint64
leave_deadline (void)
{
  return g_get_monotonic_time () + VM_PEER_LEAVE_MS * G_TIME_SPAN_MILLISECOND;
}

void
vm_peer_link_receive (
    VmPeerLink *link, const gboolean wanted[VM_PEER_STREAMS_OF_MANY])
{
  gint64 deadline = leave_deadline ();
  gboolean left = TRUE;

  g_mutex_lock (&link->lock);
  for (guint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++)
    link->in[i].wanted = wanted[i];
  for (guint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++)
    left &= wanted[i] || wait_until_left (link, i, deadline);
  g_mutex_unlock (&link->lock);
  if (!left)
    g_warning ("A sample function of a peer blocks");
}

/* Elements have probes that hold the link, so the link lets go of elements. */
static void
drop_elements (VmPeerLink *link)
{
  gpointer objects[VM_PEER_N_STREAMS + 2 * VM_PEER_STREAMS_OF_MANY
                   + VM_PEER_EARLY_PADS_MAX];
  guint n = 0;

  g_mutex_lock (&link->lock);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    objects[n++] = g_steal_pointer (&link->out[i].pad);
  for (guint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++) {
    objects[n++] = g_steal_pointer (&link->in[i].sinkpad);
    objects[n++] = g_steal_pointer (&link->in[i].srcpad);
  }
  while (link->n_early > 0)
    objects[n++] = link->early[--link->n_early].pad;
  g_mutex_unlock (&link->lock);
  while (n > 0)
    g_clear_object (&objects[--n]);
}

/* No sample function runs after it. */
void
vm_peer_link_close (VmPeerLink *link)
{
  gint64 deadline = leave_deadline ();
  gboolean waited = TRUE, was_closed;

  g_mutex_lock (&link->lock);
  was_closed = link->closed;
  link->closed = TRUE;
  link->flowing = FALSE;
  for (guint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++)
    waited &= wait_until_left (link, i, deadline);
  g_mutex_unlock (&link->lock);

  drop_elements (link);
  if (!waited)
    g_warning ("A sample function of a peer blocks");
  else if (!was_closed && link->notify)
    link->notify (link->user_data);
}
