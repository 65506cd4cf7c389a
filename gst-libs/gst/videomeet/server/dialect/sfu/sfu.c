/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/sfu/sfu.h"
#include "server/dialect/sfu/sfu-priv.h"
#include "wire/janus/janus.h"

#include <gio/gio.h>

#define LOOK_UP_SECONDS 5

VmSfuServer *
vm_sfu_server_of (VmServer *self)
{
  return vm_server_get_state (self, &vm_protocol_sfu);
}

VmSfuLine *
vm_sfu_server_connect (
    VmSfuServer *sfu, const VmSfuLineFuncs *funcs, gpointer user_data)
{
  struct lws_context *context = sfu->server->context;

  if (!context)
    return NULL;
  if (!sfu->vhost)
    sfu->vhost = vm_sfu_line_make_vhost (context);
  return sfu->vhost ? vm_sfu_line_new (
             context, sfu->vhost, &sfu->address, funcs, user_data)
                    : NULL;
}

/* The control's line */

static void
on_opened (VmSfuLine *line, gpointer user_data)
{
  VmSfuServer *sfu = user_data;

  vm_sfu_control_opened (sfu->control, g_get_monotonic_time ());
}

static void
on_received (VmSfuLine *line, const gchar *data, gsize size, gpointer user_data)
{
  VmSfuServer *sfu = user_data;

  vm_sfu_control_receive (sfu->control, data, size, g_get_monotonic_time ());
}

static void
on_closed (VmSfuLine *line, gpointer user_data)
{
  VmSfuServer *sfu = user_data;

  vm_sfu_control_closed (sfu->control, g_get_monotonic_time ());
}

static const VmSfuLineFuncs line_funcs = {
  .opened = on_opened,
  .received = on_received,
  .closed = on_closed,
};

/* The control */

static void
on_open (gpointer user_data)
{
  VmSfuServer *sfu = user_data;

  sfu->line = vm_sfu_server_connect (sfu, &line_funcs, sfu);
}

static void
on_send (const gchar *text, gpointer user_data)
{
  VmSfuServer *sfu = user_data;

  /* what is lost is missed when its answer is */
  if (sfu->line)
    vm_sfu_line_send (sfu->line, text);
}

static void
on_close (gpointer user_data)
{
  VmSfuServer *sfu = user_data;

  g_clear_pointer (&sfu->line, vm_sfu_line_free);
}

static void
on_reached (const GError *why, gpointer user_data)
{
  VmSfuServer *sfu = user_data;

  if (why && sfu->hosted)
    g_info ("no pair of participants meets by Janus: %s", why->message);
  else if (why)
    g_warning ("the SFU at %s, port %u, cannot be used: %s; rooms grow no "
               "larger than a mesh until it can",
        sfu->address.host, sfu->address.port, why->message);
  else
    g_info ("the SFU at %s, port %u, can be used", sfu->address.host,
        sfu->address.port);
  vm_rooms_set_sfu_reached (sfu->server->rooms, !why, g_get_monotonic_time ());
}

static void
on_made (const gchar *id, gint64 number, gpointer user_data)
{
  VmSfuServer *sfu = user_data;
  VmRoom *room = vm_rooms_find_id (sfu->server->rooms, id);

  if (room && number)
    vm_room_sfu_made (room, number);
  else if (room)
    vm_room_sfu_failed (room);
}

static const VmSfuControlFuncs control_funcs = {
  .open = on_open,
  .send = on_send,
  .close = on_close,
  .reached = on_reached,
  .made = on_made,
  .random = vm_server_random,
};

/* Rooms */

static gboolean
is_of_meeting (gpointer key, gpointer pass, gpointer meeting)
{
  return g_str_equal (vm_sfu_pass_get_meeting (pass), meeting);
}

static void
want (gpointer state, VmRoom *room, gboolean wanted)
{
  VmSfuServer *sfu = state;
  const gchar *meeting = vm_room_get_id (room);
  gint64 now = g_get_monotonic_time ();

  if (!sfu->control)
    return;
  if (wanted) {
    vm_sfu_control_make (sfu->control, meeting, vm_room_get_max (room), now);
    return;
  }
  g_hash_table_foreach_remove (sfu->passes, is_of_meeting, (gpointer) meeting);
  vm_sfu_control_end (sfu->control, meeting, now);
}

static void
cut (gpointer state, VmRoom *room, const gchar *id)
{
  VmSfuServer *sfu = state;
  g_autofree gchar *key = g_strconcat (vm_room_get_id (room), " ", id, NULL);

  if (sfu->control)
    g_hash_table_remove (sfu->passes, key);
}

/* The server */

static gpointer
create (VmServer *server)
{
  VmSfuServer *sfu = g_new0 (VmSfuServer, 1);

  sfu->server = server;
  return sfu;
}

static void
address_clear (VmSfuAddress *address)
{
  g_clear_pointer (&address->host, g_free);
  g_clear_pointer (&address->address, g_free);
  g_clear_pointer (&address->path, g_free);
}

static void
forget (VmSfuServer *sfu)
{
  g_clear_pointer (&sfu->passes, g_hash_table_unref);
  g_clear_pointer (&sfu->line, vm_sfu_line_free);
  g_clear_pointer (&sfu->control, vm_sfu_control_free);
  address_clear (&sfu->address);
  g_clear_pointer (&sfu->api_secret, g_free);
  sfu->hosted = FALSE;
  vm_rooms_set_sfu (sfu->server->rooms, NULL);
}

static void
stop (gpointer state)
{
  VmSfuServer *sfu = state;

  forget (sfu);
  sfu->vhost = NULL;
}

static void
destroy (gpointer state)
{
  g_free (state);
}

typedef struct
{
  GMainLoop *loop;
  GCancellable *cancellable;
  GList *found;
  GError *error;
} LookUp;

static void
on_found (GObject *resolver, GAsyncResult *result, gpointer data)
{
  LookUp *look_up = data;

  look_up->found = g_resolver_lookup_by_name_finish (
      G_RESOLVER (resolver), result, &look_up->error);
  g_main_loop_quit (look_up->loop);
}

static gboolean
on_late (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
run_look_up (LookUp *look_up, const gchar *host)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  g_autoptr (GSource) timer = g_timeout_source_new_seconds (LOOK_UP_SECONDS);

  look_up->cancellable = g_cancellable_new ();
  look_up->loop = g_main_loop_new (context, FALSE);
  g_main_context_push_thread_default (context);
  g_source_set_callback (timer, on_late, look_up->cancellable, NULL);
  g_source_attach (timer, context);
  g_resolver_lookup_by_name_async (
      resolver, host, look_up->cancellable, on_found, look_up);
  g_main_loop_run (look_up->loop);
  g_source_destroy (timer);
  g_main_context_pop_thread_default (context);
  g_main_loop_unref (look_up->loop);
  g_object_unref (look_up->cancellable);
}

/* Once, at the start: nothing on vm-net may wait for a name server. */
static gchar *
find_address (const gchar *host, GError **error)
{
  LookUp look_up = { 0 };
  gchar *address = NULL;

  if (g_hostname_is_ip_address (host))
    return g_strdup (host);
  run_look_up (&look_up, host);
  if (look_up.found)
    address = g_inet_address_to_string (look_up.found->data);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The address of the SFU's host “%s” is not found: %s", host,
        look_up.error ? look_up.error->message : "it has none");
  g_resolver_free_addresses (look_up.found);
  g_clear_error (&look_up.error);
  return address;
}

static gboolean
check (const VmServerConfig *config, guint room_size, GError **error)
{
  const gchar *wrong = NULL;

  if (!config->sfu_uri)
    wrong = "The size of a mesh, its return and a secret are of use with an "
            "SFU alone";
  else if (!config->open_rooms)
    wrong = "An SFU is of use for rooms that nobody hosts alone";
  else if (config->cluster)
    wrong = "Rooms that several servers share do not go by an SFU: leave out "
            "either the cluster or the SFU";
  else if (config->mesh_max
           && (config->mesh_max < 2 || config->mesh_max > room_size))
    wrong = "A mesh has 2 participants at least, and no more than the room has "
            "seats";
  else if (config->mesh_return > VM_SFU_FEW_SECONDS_MAX)
    wrong = "A room of few participants is a mesh again after an hour at most";
  else if (config->sfu_secret
           && !vm_text_is_name (config->sfu_secret, VM_JANUS_SECRET_MAX))
    wrong = "The secret of the SFU is one line of at most 1,024 bytes";
  if (wrong)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, wrong);
  return !wrong;
}

static gboolean
find (const gchar *uri, VmSfuAddress *address, GError **error)
{
  if (!vm_janus_server_uri_parse (
          uri, &address->host, &address->port, &address->path, error))
    return FALSE;
  address->address = find_address (address->host, error);
  if (address->address)
    return TRUE;
  address_clear (address);
  return FALSE;
}

static gchar *
find_sfu (const gchar *uri, GError **error)
{
  VmSfuAddress address = { 0 };
  gchar *found = NULL;

  if (find (uri, &address, error))
    found = g_uri_join (G_URI_FLAGS_NONE, "janus+ws", NULL, address.address,
        address.port, address.path, NULL, NULL);
  address_clear (&address);
  return found;
}

static void
begin (VmSfuServer *sfu, const gchar *api_secret, const VmRoomsSfu *rooms)
{
  sfu->api_secret = g_strdup (api_secret);
  sfu->passes = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) vm_sfu_pass_free);
  sfu->control = vm_sfu_control_new (&control_funcs, sfu->api_secret, sfu);
  vm_rooms_set_sfu (sfu->server->rooms, rooms);
}

/* Not beside an SFU of the server itself. */
static void
serve_pairs (gpointer state, const gchar *uri, const gchar *api_secret)
{
  const VmRoomsSfu rooms = { VM_MESH_MAX, VM_SFU_FEW_TIME };
  VmSfuServer *sfu = state;

  if (sfu->hosted)
    forget (sfu);
  if (sfu->control || !uri || !find (uri, &sfu->address, NULL))
    return;
  sfu->hosted = TRUE;
  begin (sfu, api_secret, &rooms);
}

static gboolean
configure (gpointer state, const VmServerConfig *config, GError **error)
{
  VmSfuServer *sfu = state;
  guint room_size = config->room_size ? config->room_size : VM_ROOM_SIZE;
  const VmRoomsSfu rooms = {
    .mesh_max =
        config->mesh_max ? config->mesh_max : MIN (VM_MESH_MAX, room_size),
    .return_time = config->mesh_return ? config->mesh_return * G_USEC_PER_SEC
                                       : VM_SFU_FEW_TIME,
  };

  if (!config->sfu_uri && !config->mesh_max && !config->mesh_return
      && !config->sfu_secret)
    return TRUE;
  if (!check (config, room_size, error)
      || !find (config->sfu_uri, &sfu->address, error))
    return FALSE;
  begin (sfu, config->sfu_secret, &rooms);
  return TRUE;
}

/* The rooms end after this, when all are told. */
static void
close_all (gpointer state)
{
  VmSfuServer *sfu = state;

  if (sfu->control)
    vm_sfu_control_hurry (sfu->control);
}

static gboolean
is_busy (gpointer state)
{
  VmSfuServer *sfu = state;

  return sfu->line && vm_sfu_line_is_busy (sfu->line);
}

/* The meetings that have passes, and whether one is connected. */
static GHashTable *
list_meetings (VmSfuServer *sfu)
{
  GHashTable *meetings =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer pass;

  g_hash_table_iter_init (&iter, sfu->passes);
  while (g_hash_table_iter_next (&iter, NULL, &pass)) {
    const gchar *meeting = vm_sfu_pass_get_meeting (pass);
    gboolean used =
        vm_sfu_pass_is_open (pass) || g_hash_table_lookup (meetings, meeting);

    g_hash_table_insert (meetings, g_strdup (meeting), GINT_TO_POINTER (used));
  }
  return meetings;
}

static void
tell_unused (VmSfuServer *sfu)
{
  g_autoptr (GHashTable) meetings = list_meetings (sfu);
  GHashTableIter iter;
  gpointer meeting, used;

  sfu->pass_closed = FALSE;
  g_hash_table_iter_init (&iter, meetings);
  while (g_hash_table_iter_next (&iter, &meeting, &used)) {
    VmRoom *room = vm_rooms_find_id (sfu->server->rooms, meeting);

    if (room && !used)
      vm_room_sfu_unused (room);
  }
}

static void
tick_passes (VmSfuServer *sfu, gint64 now)
{
  GHashTableIter iter;
  gpointer pass;

  g_hash_table_iter_init (&iter, sfu->passes);
  while (g_hash_table_iter_next (&iter, NULL, &pass))
    vm_sfu_pass_tick (pass, now);
}

static void
tick (VmServer *server, gpointer state, gint64 now)
{
  VmSfuServer *sfu = state;

  if (!sfu->control)
    return;
  if (sfu->line)
    vm_sfu_line_tick (sfu->line, now);
  vm_sfu_control_tick (sfu->control, now);
  tick_passes (sfu, now);
  if (sfu->pass_closed)
    tell_unused (sfu);
}

static const VmRoute routes[] = {
  { .path = "/sfu", .upgrade = vm_sfu_upgrade },
  { NULL },
};

const VmServerProtocol vm_protocol_sfu = {
  .name = "sfu",
  .routes = routes,
  .subprotocol = VM_JANUS_PROTOCOL,
  .create = create,
  .destroy = destroy,
  .configure = configure,
  .stop = stop,
  .close = close_all,
  .is_busy = is_busy,
  .tick = tick,
  .want_sfu = want,
  .cut_sfu = cut,
  .find_sfu = find_sfu,
  .serve_pairs = serve_pairs,
};
