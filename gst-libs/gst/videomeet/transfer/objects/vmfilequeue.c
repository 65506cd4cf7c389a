/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmfilequeue
 * @title: VmFileQueue
 * @short_description: many files on their way to many devices
 *
 * An application says where the devices are, and adds files; a few of them are
 * on their way at a time. Of those that wait the more urgent go first; devices
 * take turns; to one device files go in the order in which they were added. A
 * rate that was set is shared by the devices that something goes to. A transfer
 * in which nothing goes on, because a user has not answered yet or a disk is
 * full, gives its place to another device until it goes on. When a device
 * cannot be reached the transfer is begun again, after a while, and goes on
 * where it was. When it has failed in the end, and nobody had a connection to
 * that device where it was last said to be, what waits for it fails as well.
 *
 * A queue belongs to the main context that was the thread's default when it was
 * made: it is used there, and its signals are emitted there. Files are read and
 * sent on threads of their own.
 *
 * |[<!-- language="C" -->
 * const gchar *id = vm_device_get_id (device);
 * VmFileQueue *queue = vm_file_queue_new (vm_node_get_identity (node));
 *
 * vm_file_queue_set_receiver (queue, id, vm_device_get_base_uris (device),
 *     vm_device_get_key_hash (device));
 * vm_file_queue_add (queue, file, id, 0, &error);
 * ]|
 */

#include "base/text.h"
#include "transfer/message/message.h"
#include "transfer/objects/vmfilequeue-priv.h"

G_STATIC_ASSERT (VM_FILE_QUEUE_MAX == VM_QUEUE_ENTRIES_MAX);
G_STATIC_ASSERT (VM_FILE_QUEUE_ACTIVE_MAX == VM_QUEUE_ACTIVE_MAX);
G_STATIC_ASSERT (VM_FILE_QUEUE_PRIORITY_MAX == VM_QUEUE_PRIORITY_MAX
                 && VM_QUEUE_PRIORITY_MIN == -VM_QUEUE_PRIORITY_MAX);

enum
{
  PROP_0,
  PROP_MAX_ACTIVE,
  PROP_MAX_ACTIVE_PER_RECEIVER,
  PROP_MAX_BITRATE,
  PROP_RETRIES,
  PROP_USER,
  PROP_UNFINISHED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];
static guint changed_signal;

G_DEFINE_FINAL_TYPE (VmFileQueue, vm_file_queue, G_TYPE_OBJECT)

static void
free_place (gpointer data)
{
  VmQueuePlace *place = data;

  g_strfreev (place->base_uris);
  g_free (place->key_hash);
  g_free (place);
}

void
vm_file_queue_tell (
    VmFileQueue *self, VmQueueJob *job, const GstStructure *transfer)
{
  g_signal_emit (self, changed_signal, 0, job->number, transfer);
}

void
vm_file_queue_counted (VmFileQueue *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNFINISHED]);
}

static void
vm_file_queue_dispose (GObject *object)
{
  VmFileQueue *self = VM_FILE_QUEUE (object);
  GHashTableIter iter;
  gpointer data;

  vm_timer_clear (&self->timer);
  /* all at once, and then one after the other */
  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &data)) {
    if (((VmQueueJob *) data)->attempt)
      vm_file_attempt_interrupt (((VmQueueJob *) data)->attempt);
  }
  g_hash_table_remove_all (self->jobs);
  G_OBJECT_CLASS (vm_file_queue_parent_class)->dispose (object);
}

static void
vm_file_queue_finalize (GObject *object)
{
  VmFileQueue *self = VM_FILE_QUEUE (object);

  g_hash_table_unref (self->jobs);
  g_hash_table_unref (self->places);
  vm_transfer_queue_free (self->turns);
  vm_pacer_free (self->pacer);
  g_main_context_unref (self->context);
  g_clear_object (&self->identity);
  g_free (self->user);
  G_OBJECT_CLASS (vm_file_queue_parent_class)->finalize (object);
}

static void
set_user (VmFileQueue *self, const gchar *user)
{
  g_return_if_fail (!user || vm_text_is_name (user, VM_TRANSFER_USER_MAX));

  g_free (self->user);
  self->user = g_strdup (user);
}

static void
vm_file_queue_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmFileQueue *self = VM_FILE_QUEUE (object);

  switch (id) {
    case PROP_MAX_ACTIVE:
      self->limits.max_active = g_value_get_uint (value);
      break;
    case PROP_MAX_ACTIVE_PER_RECEIVER:
      self->limits.per_receiver = g_value_get_uint (value);
      break;
    case PROP_MAX_BITRATE:
      self->limits.max_bitrate = g_value_get_uint64 (value);
      vm_pacer_set_rate (
          self->pacer, self->limits.max_bitrate, g_get_monotonic_time ());
      break;
    case PROP_RETRIES:
      self->limits.retries = g_value_get_uint (value);
      break;
    case PROP_USER:
      set_user (self, g_value_get_string (value));
      return;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
  }
  vm_transfer_queue_set_limits (self->turns, &self->limits);
  vm_file_queue_pump (self);
}

static void
vm_file_queue_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmFileQueue *self = VM_FILE_QUEUE (object);

  switch (id) {
    case PROP_MAX_ACTIVE:
      g_value_set_uint (value, self->limits.max_active);
      break;
    case PROP_MAX_ACTIVE_PER_RECEIVER:
      g_value_set_uint (value, self->limits.per_receiver);
      break;
    case PROP_MAX_BITRATE:
      g_value_set_uint64 (value, self->limits.max_bitrate);
      break;
    case PROP_RETRIES:
      g_value_set_uint (value, self->limits.retries);
      break;
    case PROP_USER:
      g_value_set_string (value, self->user);
      break;
    case PROP_UNFINISHED:
      g_value_set_uint (value, g_hash_table_size (self->jobs));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
install_turns (void)
{
  /**
   * VmFileQueue:max-active:
   *
   * Files that are on their way at a time, those not counted in which nothing
   * goes on. What is on its way when it is lowered stays so.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_ACTIVE] =
      g_param_spec_uint ("max-active", "Most at a time",
          "Files that are on their way at a time", 1, VM_FILE_QUEUE_ACTIVE_MAX,
          VM_QUEUE_ACTIVE_DEFAULT, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * VmFileQueue:max-active-per-receiver:
   *
   * Files that are on their way to one receiver at a time, all counted.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_ACTIVE_PER_RECEIVER] = g_param_spec_uint (
      "max-active-per-receiver", "Most of a receiver at a time",
      "Files that are on their way to one receiver at a time", 1,
      VM_FILE_QUEUE_ACTIVE_MAX, VM_QUEUE_PER_RECEIVER_DEFAULT,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * VmFileQueue:retries:
   *
   * How often in a row a transfer is begun again that brought nothing more,
   * because its receiver is not to be reached. The first wait is a second; it
   * doubles, to a minute.
   *
   * Since: 0.1
   */
  properties[PROP_RETRIES] = g_param_spec_uint ("retries", "Attempts more",
      "How often in a row a transfer is begun again that brought nothing more",
      0, VM_QUEUE_RETRIES_MAX, VM_QUEUE_RETRIES_DEFAULT,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
install_others (void)
{
  /**
   * VmFileQueue:max-bitrate:
   *
   * Bits of files a second, of all together, shared by the receivers that
   * something goes to; 0: as fast as it goes.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_BITRATE] = g_param_spec_uint64 ("max-bitrate",
      "Most bits a second", "Bits of files a second, of all together; 0: any",
      0, G_MAXUINT64, 0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * VmFileQueue:user:
   *
   * What receivers are told that this device's user is called: 1 to 128 bytes
   * of UTF-8 without control characters, or %NULL. Of files that are begun from
   * then on. It proves nothing, and they say so.
   *
   * Since: 0.1
   */
  properties[PROP_USER] = g_param_spec_string ("user", "User",
      "What receivers are told that the user is called", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * VmFileQueue:unfinished:
   *
   * How many files are not over, each counted once for each of its receivers.
   *
   * Since: 0.1
   */
  properties[PROP_UNFINISHED] = g_param_spec_uint ("unfinished", "Unfinished",
      "How many files are not over", 0, VM_FILE_QUEUE_MAX, 0,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
vm_file_queue_class_init (VmFileQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = vm_file_queue_dispose;
  object_class->finalize = vm_file_queue_finalize;
  object_class->set_property = vm_file_queue_set_property;
  object_class->get_property = vm_file_queue_get_property;
  install_turns ();
  install_others ();
  g_object_class_install_properties (object_class, N_PROPS, properties);
  /* below: GST_TYPE_STRUCTURE is nothing before gst_init() */
  /**
   * VmFileQueue::changed:
   * @self: the queue
   * @entry: of which file for which receiver, as vm_file_queue_add()
   * @transfer: a #GstStructure as of vm_file_queue_describe()
   *
   * A file has another state, or goes on: five times a second at most. Of one
   * that is over this is the last, and it is forgotten. Emitted in the queue's
   * main context.
   *
   * Since: 0.1
   */
  changed_signal =
      g_signal_new ("changed", VM_TYPE_FILE_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, gst_structure_get_type ());
}

static void
vm_file_queue_init (VmFileQueue *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->turns = vm_transfer_queue_new ();
  self->pacer = vm_pacer_new ();
  vm_queue_limits_init (&self->limits);
  self->places =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_place);
  self->jobs = g_hash_table_new_full (NULL, NULL, NULL, vm_queue_job_free);
}

/**
 * vm_file_queue_new:
 * @identity: the key of this device
 *
 * Makes an empty queue, of the calling thread's default main context. Its last
 * reference is given up there as well; that waits for the disk, and interrupts
 * what is on its way.
 *
 * Returns: (transfer full): the queue
 *
 * Since: 0.1
 */
VmFileQueue *
vm_file_queue_new (VmIdentity *identity)
{
  VmFileQueue *self;

  g_return_val_if_fail (VM_IS_IDENTITY (identity), NULL);

  self = g_object_new (VM_TYPE_FILE_QUEUE, NULL);
  self->identity = g_object_ref (identity);
  return self;
}

void
vm_file_queue_set_stall_time (VmFileQueue *self, gint64 stall_time)
{
  self->limits.stall_time = stall_time;
  vm_transfer_queue_set_limits (self->turns, &self->limits);
}

void
vm_file_queue_set_lost_time (VmFileQueue *self, gint64 lost_time)
{
  self->lost_time = lost_time;
}
