/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusternews.h"

struct _VmClusterNews
{
  GMutex lock; /* of all that follows */
  guint refs;
  guint waiting;
  gsize bytes;
  gboolean missed;
};

VmClusterNews *
vm_cluster_news_new (void)
{
  VmClusterNews *self = g_new0 (VmClusterNews, 1);

  g_mutex_init (&self->lock);
  self->refs = 1;
  return self;
}

/* Called with the lock held, which it releases. */
static void
unlock_and_unref (VmClusterNews *self)
{
  gboolean last = --self->refs == 0;

  g_mutex_unlock (&self->lock);
  if (!last)
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
vm_cluster_news_unref (VmClusterNews *self)
{
  g_mutex_lock (&self->lock);
  unlock_and_unref (self);
}

guint
vm_cluster_news_count (VmClusterNews *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->waiting;
  g_mutex_unlock (&self->lock);
  return n;
}

gboolean
vm_cluster_news_add (VmClusterNews *self, gsize size)
{
  gboolean fits;

  g_mutex_lock (&self->lock);
  fits = self->waiting < VM_CLUSTER_NEWS_MAX
         && size <= VM_CLUSTER_NEWS_BYTES - self->bytes;
  if (fits) {
    self->refs++;
    self->waiting++;
    self->bytes += size;
  } else {
    self->missed = TRUE;
  }
  g_mutex_unlock (&self->lock);
  return fits;
}

void
vm_cluster_news_take (VmClusterNews *self, gsize size)
{
  g_mutex_lock (&self->lock);
  self->waiting--;
  self->bytes -= size;
  unlock_and_unref (self);
}

gboolean
vm_cluster_news_catch_up (VmClusterNews *self)
{
  gboolean late;

  g_mutex_lock (&self->lock);
  late = self->missed && self->waiting < VM_CLUSTER_NEWS_MAX / 2
         && self->bytes < VM_CLUSTER_NEWS_BYTES / 2;
  if (late)
    self->missed = FALSE;
  g_mutex_unlock (&self->lock);
  return late;
}
