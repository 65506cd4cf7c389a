/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where vmfilesrc reads and hashes: a thread of its own that gives way to
 * others, and not one of GStreamer's pool, which could not have it back as it
 * was. Whoever sets another pool in answer to the message on the bus has that
 * one. */

#include "vmfilesrc-priv.h"

#include <gst/videomeet/base/vmthread-priv.h>

#define VM_TYPE_FILE_TASK_POOL (vm_file_task_pool_get_type ())
G_DECLARE_FINAL_TYPE (
    VmFileTaskPool, vm_file_task_pool, VM, FILE_TASK_POOL, GstTaskPool)

struct _VmFileTaskPool
{
  GstTaskPool parent;
};

G_DEFINE_FINAL_TYPE (VmFileTaskPool, vm_file_task_pool, GST_TYPE_TASK_POOL)

typedef struct
{
  GstTaskPoolFunction func;
  gpointer data;
} Task;

static gpointer
run (gpointer data)
{
  g_autofree Task *task = data;

  vm_thread_give_way ();
  task->func (task->data);
  return NULL;
}

static void
vm_file_task_pool_prepare (GstTaskPool *pool, GError **error)
{
}

static void
vm_file_task_pool_cleanup (GstTaskPool *pool)
{
}

static gpointer
vm_file_task_pool_push (
    GstTaskPool *pool, GstTaskPoolFunction func, gpointer data, GError **error)
{
  Task *task = g_new (Task, 1);
  GThread *thread;

  *task = (Task){ func, data };
  thread = g_thread_try_new ("vm-file-src", run, task, error);
  if (!thread)
    g_free (task);
  return thread;
}

static void
vm_file_task_pool_join (GstTaskPool *pool, gpointer thread)
{
  if (thread)
    g_thread_join (thread);
}

static void
vm_file_task_pool_dispose_handle (GstTaskPool *pool, gpointer thread)
{
  if (thread)
    g_thread_unref (thread);
}

static void
vm_file_task_pool_class_init (VmFileTaskPoolClass *klass)
{
  GstTaskPoolClass *pool_class = GST_TASK_POOL_CLASS (klass);

  pool_class->prepare = vm_file_task_pool_prepare;
  pool_class->cleanup = vm_file_task_pool_cleanup;
  pool_class->push = vm_file_task_pool_push;
  pool_class->join = vm_file_task_pool_join;
  pool_class->dispose_handle = vm_file_task_pool_dispose_handle;
}

static void
vm_file_task_pool_init (VmFileTaskPool *self)
{
}

static void
choose_pool (GstElement *element, GstMessage *message)
{
  const GValue *object = gst_message_get_stream_status_object (message);
  GstStreamStatusType type;
  GstElement *owner;

  gst_message_parse_stream_status (message, &type, &owner);
  if (owner == element && type == GST_STREAM_STATUS_TYPE_CREATE && object
      && G_VALUE_HOLDS (object, GST_TYPE_TASK)) {
    g_autoptr (GstTaskPool) pool =
        gst_object_ref_sink (g_object_new (VM_TYPE_FILE_TASK_POOL, NULL));

    gst_task_set_pool (g_value_get_object (object), pool);
  }
}

gboolean
vm_file_src_post_message (GstElement *element, GstMessage *message)
{
  GstElementClass *parent =
      g_type_class_peek_parent (GST_ELEMENT_GET_CLASS (element));

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_STATUS)
    choose_pool (element, message);
  return parent->post_message (element, message);
}
