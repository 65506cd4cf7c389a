/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/media/fakeportal.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#define NAME "org.freedesktop.portal.Desktop"
#define PATH "/org/freedesktop/portal/desktop"
#define SCREEN_CAST "org.freedesktop.portal.ScreenCast"
#define SESSION "org.freedesktop.portal.Session"
#define REQUEST "org.freedesktop.portal.Request"
#define SESSION_PATH PATH "/session/1_1/fake"
#define PROPERTIES                                               \
  "{'version': <uint32 5>, 'AvailableSourceTypes': <uint32 7>, " \
  "'AvailableCursorModes': <uint32 7>}"
#define STREAMS                                                       \
  "{'streams': <[(uint32 " FAKE_PORTAL_NODE ", {'size': <(64, 36)>, " \
  "'source_type': <uint32 1>})]>, 'restore_token': <'token-2'>}"

static GTestDBus *bus;
static GDBusConnection *connection;
static const FakePortal *portal;

static GMutex lock; /* protects what follows */
static GHashTable *all_options; /* of methods: GVariant */
static gchar *caller; /* the last one */
static gchar *asked; /* path of what the person is asked; or NULL */
static guint n_closed;

/* All but start, stop and questions: on GDBus' thread. */

static gboolean
is (const gchar *method, const gchar *at)
{
  return at && g_str_equal (method, at);
}

static void
emit (const gchar *path, const gchar *interface, const gchar *signal,
    GVariant *parameters)
{
  g_autofree gchar *receiver = NULL;

  g_mutex_lock (&lock);
  receiver = g_strdup (caller);
  g_mutex_unlock (&lock);
  g_dbus_connection_emit_signal (
      connection, receiver, path, interface, signal, parameters, NULL);
}

static void
answer (GDBusMessage *call, GVariant *body, GUnixFDList *fds)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_reply (call);

  g_dbus_message_set_body (reply, body);
  g_dbus_message_set_unix_fd_list (reply, fds);
  g_dbus_connection_send_message (
      connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
answer_error (GDBusMessage *call)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_error_literal (
      call, "org.freedesktop.portal.Error.Failed", "it is \033[1mbad");

  g_dbus_connection_send_message (
      connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
answer_remote (GDBusMessage *call)
{
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
  gint fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  g_unix_fd_list_append (fds, fd, NULL);
  close (fd);
  answer (call, g_variant_new ("(h)", 0), fds);
}

static GVariant *
results_of (const gchar *method)
{
  const gchar *text = "@a{sv} {}";

  if (g_str_equal (method, "CreateSession"))
    text = portal->session ? portal->session
                           : "{'session_handle': <'" SESSION_PATH "'>}";
  else if (g_str_equal (method, "Start"))
    text = portal->streams ? portal->streams : STREAMS;
  return g_variant_new_parsed (text);
}

/* What the method comes to is told by its request. */
static void
answer_request (GDBusMessage *call, const gchar *method, GVariant *options)
{
  gboolean unanswered = is (method, portal->unanswered);
  const gchar *token = "";
  g_autofree gchar *sender = g_strdup (g_dbus_message_get_sender (call) + 1);
  g_autofree gchar *path = NULL;

  g_variant_lookup (options, "handle_token", "&s", &token);
  g_strdelimit (sender, ".", '_');
  path = g_strdup_printf (PATH "/request/%s/%s", sender, token);
  answer (call, g_variant_new ("(o)", path), NULL);
  if (!unanswered)
    emit (path, REQUEST, "Response",
        is (method, portal->wrong)
            ? g_variant_new ("(s)", "nonsense")
            : g_variant_new ("(u@a{sv})",
                g_str_equal (method, "Start") ? portal->said : 0,
                results_of (method)));
  g_mutex_lock (&lock);
  g_free (asked);
  asked = unanswered ? g_steal_pointer (&path) : NULL;
  g_mutex_unlock (&lock);
}

static void
on_screen_cast (GDBusMessage *call, const gchar *method)
{
  GVariant *body = g_dbus_message_get_body (call);
  g_autoptr (GVariant) options =
      g_variant_get_child_value (body, g_variant_n_children (body) - 1);

  g_mutex_lock (&lock);
  g_free (caller);
  caller = g_strdup (g_dbus_message_get_sender (call));
  g_hash_table_replace (
      all_options, g_strdup (method), g_variant_ref (options));
  g_mutex_unlock (&lock);
  if (is (method, portal->closing))
    emit (SESSION_PATH, SESSION, "Closed", NULL);
  else if (is (method, portal->leaving))
    g_dbus_connection_close (connection, NULL, NULL, NULL);
  else if (is (method, portal->failing))
    answer_error (call);
  else if (is (method, portal->silent))
    return;
  else if (is (method, portal->wrong)
           && g_str_equal (method, "OpenPipeWireRemote"))
    answer (call, g_variant_new ("(h)", 7), NULL);
  else if (g_str_equal (method, "OpenPipeWireRemote"))
    answer_remote (call);
  else
    answer_request (call, method, options);
}

static void
on_properties (GDBusMessage *call, const gchar *method)
{
  const gchar *text = portal->properties ? portal->properties : PROPERTIES;

  if (is (method, portal->silent))
    return;
  if (is (method, portal->wrong))
    answer (call, g_variant_new ("(s)", "nonsense"), NULL);
  else
    answer (
        call, g_variant_new ("(@a{sv})", g_variant_new_parsed (text)), NULL);
}

static void
on_close (GDBusMessage *call)
{
  g_mutex_lock (&lock);
  if (g_strcmp0 (g_dbus_message_get_path (call), asked) == 0)
    n_closed++;
  g_mutex_unlock (&lock);
  answer (call, NULL, NULL);
}

static GDBusMessage *
on_message (GDBusConnection *c, GDBusMessage *message, gboolean incoming,
    gpointer user_data)
{
  const gchar *interface = g_dbus_message_get_interface (message);
  const gchar *method = g_dbus_message_get_member (message);

  if (!incoming
      || g_dbus_message_get_message_type (message)
             != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  if (g_strcmp0 (interface, SCREEN_CAST) == 0)
    on_screen_cast (message, method);
  else if (g_strcmp0 (interface, REQUEST) == 0)
    on_close (message);
  else if (g_strcmp0 (interface, "org.freedesktop.DBus.Properties") == 0)
    on_properties (message, method);
  else
    return message;
  g_object_unref (message);
  return NULL;
}

static GVariant *
call_bus (const gchar *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *result = g_dbus_connection_call_sync (connection,
      "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  g_assert_no_error (error);
  return result;
}

void
fake_portal_start (const FakePortal *behaviour)
{
  g_autoptr (GError) error = NULL;

  portal = behaviour;
  all_options = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  n_closed = 0;
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus),
          G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
              | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
          NULL, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_add_filter (connection, on_message, NULL, NULL);
  if (!portal->absent)
    g_variant_unref (call_bus ("RequestName", g_variant_new ("(su)", NAME, 0)));
}

void
fake_portal_stop (void)
{
  if (!g_dbus_connection_is_closed (connection))
    g_dbus_connection_close_sync (connection, NULL, NULL);
  g_clear_object (&connection);
  g_test_dbus_down (bus);
  g_clear_object (&bus);
  g_clear_pointer (&all_options, g_hash_table_unref);
  g_clear_pointer (&caller, g_free);
  g_clear_pointer (&asked, g_free);
}

void
fake_portal_end_session (void)
{
  emit (SESSION_PATH, SESSION, "Closed", NULL);
}

gboolean
fake_portal_is_asking (void)
{
  gboolean asking;

  g_mutex_lock (&lock);
  asking = asked != NULL;
  g_mutex_unlock (&lock);
  return asking;
}

GVariant *
fake_portal_get_options (const gchar *method)
{
  GVariant *options;

  g_mutex_lock (&lock);
  options = g_hash_table_lookup (all_options, method);
  if (options)
    g_variant_ref (options);
  g_mutex_unlock (&lock);
  return options;
}

guint
fake_portal_count_closed (void)
{
  guint n;

  g_mutex_lock (&lock);
  n = n_closed;
  g_mutex_unlock (&lock);
  return n;
}

gboolean
fake_portal_is_caller_there (void)
{
  g_autoptr (GVariant) there = NULL;
  g_autofree gchar *name = NULL;
  gboolean is_there;

  g_mutex_lock (&lock);
  name = g_strdup (caller);
  g_mutex_unlock (&lock);
  there = call_bus ("NameHasOwner", g_variant_new ("(s)", name));
  g_variant_get (there, "(b)", &is_there);
  return is_there;
}

/* pipewiresrc */

typedef struct
{
  GstBin parent;
  GstElement *picture;
  gint fd;
  gchar *path;
} FakePipeWire;

typedef struct
{
  GstBinClass parent;
} FakePipeWireClass;

static GType fake_pipe_wire_get_type (void);
G_DEFINE_TYPE (FakePipeWire, fake_pipe_wire, GST_TYPE_BIN)

enum
{
  PROP_FD = 1,
  PROP_PATH,
};

static GWeakRef shown; /* the last one */

static void
fake_pipe_wire_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FakePipeWire *self = (FakePipeWire *) object;

  if (id == PROP_FD) {
    self->fd = g_value_get_int (value);
  } else {
    g_free (self->path);
    self->path = g_value_dup_string (value);
  }
}

static GstStateChangeReturn
fake_pipe_wire_change_state (GstElement *element, GstStateChange change)
{
  FakePipeWire *self = (FakePipeWire *) element;

  if (change == GST_STATE_CHANGE_READY_TO_PAUSED
      && (g_strcmp0 (self->path, FAKE_PORTAL_NODE) != 0
          || fcntl (self->fd, F_GETFD) < 0)) {
    GST_ELEMENT_ERROR (
        self, RESOURCE, OPEN_READ, ("There is no such node."), (NULL));
    return GST_STATE_CHANGE_FAILURE;
  }
  return GST_ELEMENT_CLASS (fake_pipe_wire_parent_class)
      ->change_state (element, change);
}

static void
fake_pipe_wire_finalize (GObject *object)
{
  g_free (((FakePipeWire *) object)->path);
  G_OBJECT_CLASS (fake_pipe_wire_parent_class)->finalize (object);
}

static void
fake_pipe_wire_class_init (FakePipeWireClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = fake_pipe_wire_set_property;
  object_class->finalize = fake_pipe_wire_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = fake_pipe_wire_change_state;
  g_object_class_install_property (object_class, PROP_FD,
      g_param_spec_int ("fd", NULL, NULL, -1, G_MAXINT, -1, G_PARAM_WRITABLE));
  g_object_class_install_property (object_class, PROP_PATH,
      g_param_spec_string ("path", NULL, NULL, NULL, G_PARAM_WRITABLE));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Screen",
      "Source/Video", "What a test shares", "nobody");
}

static void
fake_pipe_wire_init (FakePipeWire *self)
{
  g_autoptr (GError) error = NULL;
  GstElement *picture = gst_parse_bin_from_description (
      "videotestsrc is-live=true pattern=white ! capsfilter caps=\"video/x-raw,"
      "format=I420,width=64,height=36,framerate=30/1\"",
      TRUE, &error);
  g_autoptr (GstPad) src = NULL;

  g_assert_no_error (error);
  gst_bin_add (GST_BIN (self), picture);
  src = gst_element_get_static_pad (picture, "src");
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new ("src", src));
  g_weak_ref_set (&shown, self);
}

void
fake_pipewire_register (void)
{
  /* who looks for devices would load the plugin of the real one later, which
   * then took this one's place */
  g_autoptr (GstPluginFeature) known =
      gst_registry_lookup_feature (gst_registry_get (), "pipewiresrc");
  g_autoptr (GstPluginFeature) loaded =
      known ? gst_plugin_feature_load (known) : NULL;

  gst_element_register (
      NULL, "pipewiresrc", GST_RANK_NONE, fake_pipe_wire_get_type ());
}

void
fake_pipewire_fail (void)
{
  g_autoptr (GstElement) element = g_weak_ref_get (&shown);

  GST_ELEMENT_ERROR (element, RESOURCE, READ, ("The node is gone."), (NULL));
}
