/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The class of VmAgent: its properties, and the signals by which it tells. */

#include "agent/agent-priv.h"

enum
{
  PROP_IDENTITY = 1,
  PROP_SERVER,
  PROP_ROOM,
  PROP_USER,
  PROP_DEVICE,
  PROP_PIN,
  PROP_HOST_KEY,
  PROP_RECEIVE_FOLDER,
  PROP_SHARE_FOLDER,
  PROP_STUN,
  PROP_POLICY,
  PROP_ACCEPT,
  PROP_OVERWRITE,
  PROP_MAX_SIZE,
  PROP_QUOTA,
  PROP_ALLOW_DELETE,
  PROP_ONLY_ASKS,
  PROP_READY,
  N_PROPS
};

enum
{
  SIGNAL_SESSION,
  SIGNAL_TRANSFER,
  SIGNAL_OFFER,
  SIGNAL_STEP,
  SIGNAL_DELETIONS,
  SIGNAL_LOST,
  SIGNAL_FAILED,
  SIGNAL_PAGE,
  SIGNAL_PAGE_CANDIDATE,
  SIGNAL_ANSWER_PAGE,
  SIGNAL_SEND_CANDIDATE,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmAgent, vm_agent, G_TYPE_OBJECT)

/* What is told */

void
vm_agent_tell_session (VmAgent *self, const VmAgentSession *session)
{
  g_signal_emit (self, signals[SIGNAL_SESSION], 0, session->incoming,
      session->peer->device_id, session->peer->user,
      vm_agent_lane (g_atomic_int_get (&session->path)));
}

void
vm_agent_tell_transfer (VmAgent *self, const VmAgentTransfer *transfer)
{
  g_signal_emit (self, signals[SIGNAL_TRANSFER], 0, transfer);
}

void
vm_agent_tell_offer (VmAgent *self, const VmAgentTransfer *transfer)
{
  g_signal_emit (self, signals[SIGNAL_OFFER], 0, transfer);
}

void
vm_agent_tell_step (VmAgent *self, const VmAgentStep *step)
{
  g_signal_emit (self, signals[SIGNAL_STEP], 0, step);
}

gboolean
vm_agent_ask_delete (
    VmAgent *self, guint64 id, guint deleted, guint total, gboolean theirs)
{
  gboolean may_delete = FALSE;

  g_signal_emit (self, signals[SIGNAL_DELETIONS], 0, id, deleted, total, theirs,
      &may_delete);
  return may_delete;
}

void
vm_agent_tell_error (VmAgent *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
}

gboolean
vm_agent_tell_page (VmAgent *self, const gchar *id, const gchar *user,
    const gchar *offer, gint fd)
{
  gboolean taken = FALSE;

  g_signal_emit (self, signals[SIGNAL_PAGE], 0, id, user, offer, fd, &taken);
  return taken;
}

void
vm_agent_tell_page_candidate (
    VmAgent *self, const gchar *id, guint mline, const gchar *candidate)
{
  g_signal_emit (self, signals[SIGNAL_PAGE_CANDIDATE], 0, id, mline, candidate);
}

void
vm_agent_tell_lost (VmAgent *self, const GError *error, gboolean final)
{
  g_signal_emit (self, signals[SIGNAL_LOST], 0, error, final);
}

void
vm_agent_set_ready (VmAgent *self, gboolean ready)
{
  if (self->ready == ready)
    return;
  self->ready = ready;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_READY]);
}

/* The object */

static gchar **
find_text (VmAgent *self, guint id)
{
  switch (id) {
    case PROP_SERVER:
      return &self->server;
    case PROP_ROOM:
      return &self->room;
    case PROP_USER:
      return &self->user;
    case PROP_DEVICE:
      return &self->device;
    case PROP_PIN:
      return &self->pin;
    case PROP_HOST_KEY:
      return &self->host_key;
    case PROP_RECEIVE_FOLDER:
      return &self->receive_folder;
    case PROP_SHARE_FOLDER:
      return &self->share_folder;
    case PROP_STUN:
      return &self->stun;
    default:
      return NULL;
  }
}

static void
vm_agent_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmAgent *self = VM_AGENT (object);
  gchar **text = find_text (self, id);

  if (text) {
    g_free (*text);
    *text = g_value_dup_string (value);
    return;
  }
  switch (id) {
    case PROP_IDENTITY:
      self->identity = g_value_dup_object (value);
      break;
    case PROP_POLICY:
      self->policy = g_value_get_enum (value);
      break;
    case PROP_ACCEPT:
      self->accept = g_value_get_enum (value);
      break;
    case PROP_OVERWRITE:
      self->overwrite = g_value_get_enum (value);
      break;
    case PROP_MAX_SIZE:
      self->max_size = g_value_get_uint64 (value);
      break;
    case PROP_QUOTA:
      self->quota = g_value_get_uint64 (value);
      break;
    case PROP_ALLOW_DELETE:
      self->allow_delete = g_value_get_boolean (value);
      break;
    case PROP_ONLY_ASKS:
      self->only_asks = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_agent_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmAgent *self = VM_AGENT (object);
  gchar **text = find_text (self, id);

  if (text) {
    g_value_set_string (value, *text);
    return;
  }
  switch (id) {
    case PROP_IDENTITY:
      g_value_set_object (value, self->identity);
      break;
    case PROP_POLICY:
      g_value_set_enum (value, self->policy);
      break;
    case PROP_ACCEPT:
      g_value_set_enum (value, self->accept);
      break;
    case PROP_OVERWRITE:
      g_value_set_enum (value, self->overwrite);
      break;
    case PROP_MAX_SIZE:
      g_value_set_uint64 (value, self->max_size);
      break;
    case PROP_QUOTA:
      g_value_set_uint64 (value, self->quota);
      break;
    case PROP_ALLOW_DELETE:
      g_value_set_boolean (value, self->allow_delete);
      break;
    case PROP_ONLY_ASKS:
      g_value_set_boolean (value, self->only_asks);
      break;
    case PROP_READY:
      g_value_set_boolean (value, self->ready);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_agent_constructed (GObject *object)
{
  VmAgent *self = VM_AGENT (object);
  g_autofree gchar *folder = NULL;

  G_OBJECT_CLASS (vm_agent_parent_class)->constructed (object);
  if (self->identity)
    folder = g_path_get_dirname (vm_identity_get_path (self->identity));
  self->store = vm_trust_store_new (folder);
}

/* Sessions have references: there are none. */
static void
vm_agent_dispose (GObject *object)
{
  VmAgent *self = VM_AGENT (object);

  if (self->control) {
    g_autoptr (GError) error =
        g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "The agent is gone");

    vm_agent_requests_end (self, error);
  }
  vm_agent_pages_end (self, NULL);
  vm_agent_drop (self);
  G_OBJECT_CLASS (vm_agent_parent_class)->dispose (object);
}

static void
vm_agent_finalize (GObject *object)
{
  VmAgent *self = VM_AGENT (object);

  g_clear_object (&self->identity);
  g_clear_object (&self->store);
  vm_mailbox_free (self->mailbox);
  g_hash_table_unref (self->allowed);
  g_hash_table_unref (self->streams);
  g_mutex_clear (&self->share_lock);
  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->pages);
  g_ptr_array_unref (self->requests);
  g_ptr_array_unref (self->views);
  for (guint id = PROP_SERVER; id <= PROP_STUN; id++)
    g_free (*find_text (self, id));
  G_OBJECT_CLASS (vm_agent_parent_class)->finalize (object);
}

static void
install_text (GObjectClass *klass, guint id, const gchar *name,
    const gchar *nick, const gchar *blurb)
{
  props[id] = g_param_spec_string (
      name, nick, blurb, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (klass, id, props[id]);
}

static void
install_texts (GObjectClass *klass)
{
  /**
   * VmAgent:server:
   *
   * The address of the server, `https://HOST:PORT` or `http://HOST:PORT`, with
   * a path where a web server has it under one. Of this and the properties
   * below, those that an agent is started with count.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_SERVER, "server", "Server",
      "The address of the server, https://HOST:PORT");
  /**
   * VmAgent:room:
   *
   * The name of the room.
   *
   * Since: 0.3
   */
  install_text (
      klass, PROP_ROOM, "room", "Room", "The name of the room to enter");
  /**
   * VmAgent:user:
   *
   * The name of the user, by which others find this agent.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_USER, "user", "User",
      "The name of the user, by which others find this agent");
  /**
   * VmAgent:device:
   *
   * The name of this device; the host's name by default. With the name of the
   * user it is what others remember the key of this device by.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_DEVICE, "device", "Device",
      "The name of this device, by default the host's name");
  /**
   * VmAgent:pin:
   *
   * The PIN of the room; %NULL for none.
   *
   * Since: 0.3
   */
  install_text (
      klass, PROP_PIN, "pin", "PIN", "The PIN of the room, or NULL for none");
  /**
   * VmAgent:host-key:
   *
   * The device id that a server with a certificate of its own must have. It is
   * shown the #VmAgent:pin, even if this device has never met it. %NULL for
   * whatever it has: its key is remembered at first sight, and another one
   * refused later (`security.md#server-keys`).
   *
   * Since: 0.3
   */
  install_text (klass, PROP_HOST_KEY, "host-key", "Host key",
      "The device id of a server with a certificate of its own, or NULL");
  /**
   * VmAgent:receive-folder:
   *
   * Path of the folder in which received files are saved; %NULL to receive
   * none.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_RECEIVE_FOLDER, "receive-folder", "Receive folder",
      "Path of the folder for received files, or NULL to receive none");
  /**
   * VmAgent:share-folder:
   *
   * Path of the folder below which others may sync folders; %NULL to share
   * none.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_SHARE_FOLDER, "share-folder", "Share folder",
      "Path of the folder that others may sync, or NULL to share none");
  /**
   * VmAgent:stun:
   *
   * A STUN server by its address, `192.0.2.1:3478`; %NULL for the one that the
   * server names, if it names one.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_STUN, "stun", "STUN server",
      "Address of a STUN server, or NULL for the one that the server names");
}

static void
install_others (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * VmAgent:identity:
   *
   * The key of this device.
   *
   * Since: 0.3
   */
  props[PROP_IDENTITY] =
      g_param_spec_object ("identity", "Identity", "The key of this device",
          VM_TYPE_IDENTITY, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * VmAgent:policy:
   *
   * Which devices this one has sessions with.
   *
   * Since: 0.3
   */
  props[PROP_POLICY] = g_param_spec_enum ("policy", "Policy",
      "Which devices this one has sessions with", VM_TYPE_POLICY, VM_POLICY_PIN,
      flags | G_PARAM_CONSTRUCT);
  /**
   * VmAgent:accept:
   *
   * What is taken without a question. %VM_ACCEPT_AUTO takes what trusted
   * devices send, and under %VM_POLICY_OPEN what any device sends;
   * %VM_ACCEPT_ASK what devices send that the user has given leave to.
   *
   * Since: 0.3
   */
  props[PROP_ACCEPT] =
      g_param_spec_enum ("accept", "Accept", "What is taken without a question",
          VM_TYPE_ACCEPT, VM_ACCEPT_ASK, flags | G_PARAM_CONSTRUCT);
  /**
   * VmAgent:overwrite:
   *
   * What happens when the name of a received file is taken.
   *
   * Since: 0.3
   */
  props[PROP_OVERWRITE] = g_param_spec_enum ("overwrite", "Overwrite",
      "What happens when the name of a received file is taken",
      VM_TYPE_OVERWRITE, VM_OVERWRITE_RENAME, flags | G_PARAM_CONSTRUCT);
  /**
   * VmAgent:max-size:
   *
   * Bytes of a file that is received, at most; 0 for no limit.
   *
   * Since: 0.3
   */
  props[PROP_MAX_SIZE] = g_param_spec_uint64 ("max-size", "Largest size",
      "Bytes of a file that is received, at most; 0: no limit", 0, G_MAXUINT64,
      0, flags);
  /**
   * VmAgent:quota:
   *
   * Bytes of all received files, at most, and of all that is in the shared
   * folder after a sync that another device asks for; 0 for no limit.
   *
   * Since: 0.3
   */
  props[PROP_QUOTA] = g_param_spec_uint64 ("quota", "Quota",
      "Bytes of all received files, at most; 0: no limit", 0, G_MAXUINT64, 0,
      flags);
  /**
   * VmAgent:allow-delete:
   *
   * Whether a sync that another device asks for may delete more than 25 % of a
   * folder without #VmAgent::deletions.
   *
   * Since: 0.3
   */
  props[PROP_ALLOW_DELETE] = g_param_spec_boolean ("allow-delete",
      "Allow deletions",
      "Whether a sync of another device may delete a large part of a folder",
      FALSE, flags);
  /**
   * VmAgent:only-asks:
   *
   * Whether it only asks others for sessions: nobody hears of it or asks it,
   * and it may be in the room beside another agent of this device.
   *
   * Since: 0.3
   */
  props[PROP_ONLY_ASKS] = g_param_spec_boolean ("only-asks", "Only asks",
      "Whether others do not hear of it, and cannot ask it for sessions", FALSE,
      flags);
  /**
   * VmAgent:ready:
   *
   * Whether it is in the room.
   *
   * Since: 0.3
   */
  props[PROP_READY] =
      g_param_spec_boolean ("ready", "Ready", "Whether it is in the room",
          FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (klass, PROP_IDENTITY, props[PROP_IDENTITY]);
  for (guint id = PROP_POLICY; id < N_PROPS; id++)
    g_object_class_install_property (klass, id, props[id]);
}

static void
install_signals (void)
{
  /**
   * VmAgent::session:
   * @self: the agent
   * @incoming: whether the other device has asked for it
   * @device_id: the other device, proven by its key
   * @user: the name of its user, as the server tells
   * @lane: (nullable): `quic`, or `relay` for QUIC that passes the server
   *
   * A session with another device has begun.
   *
   * Since: 0.3
   */
  signals[SIGNAL_SESSION] = g_signal_new ("session", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_BOOLEAN,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * VmAgent::transfer:
   * @self: the agent
   * @transfer: (transfer none): the transfer as it is now
   *
   * A transfer has begun, has got on, or is over.
   *
   * Since: 0.3
   */
  signals[SIGNAL_TRANSFER] = g_signal_new ("transfer", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      VM_TYPE_AGENT_TRANSFER | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmAgent::offer:
   * @self: the agent
   * @transfer: (transfer none): what is offered
   *
   * Another device offers a file or folder, or to sync one; answer by
   * vm_agent_answer() within 5 minutes.
   *
   * Since: 0.3
   */
  signals[SIGNAL_OFFER] = g_signal_new ("offer", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      VM_TYPE_AGENT_TRANSFER | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmAgent::step:
   * @self: the agent
   * @step: (transfer none): the step
   *
   * A step by which a folder is synced; a conflict is one as well.
   *
   * Since: 0.3
   */
  signals[SIGNAL_STEP] = g_signal_new ("step", VM_TYPE_AGENT, G_SIGNAL_RUN_LAST,
      0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      VM_TYPE_AGENT_STEP | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmAgent::deletions:
   * @self: the agent
   * @transfer_id: the sync
   * @deleted: files that are to be deleted
   * @total: of how many
   * @theirs: whether it is in the other device's folder
   *
   * A sync would delete a large part of a folder.
   *
   * Returns: whether it may; %FALSE where nobody answers
   *
   * Since: 0.3
   */
  signals[SIGNAL_DELETIONS] =
      g_signal_new ("deletions", VM_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0,
          g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 4,
          G_TYPE_UINT64, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_BOOLEAN);
  /**
   * VmAgent::lost:
   * @self: the agent
   * @error: why
   * @final: whether it does not come back by itself
   *
   * The connection to the server is lost. Sessions go on.
   *
   * Since: 0.3
   */
  signals[SIGNAL_LOST] = g_signal_new ("lost", VM_TYPE_AGENT, G_SIGNAL_RUN_LAST,
      0, NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_BOOLEAN);
  /**
   * VmAgent::refused:
   * @self: the agent
   * @error: why
   *
   * A session was refused before it began: the other device is not the one that
   * the server says, is not trusted, or has no capability that is good.
   *
   * Since: 0.3
   */
  signals[SIGNAL_FAILED] =
      g_signal_new ("refused", VM_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 1, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
install_page_signals (void)
{
  /**
   * VmAgent::page:
   * @self: the agent
   * @page: the id of a page in the room
   * @user: the name of its user, which is anybody's
   * @offer: the SDP by which it offers a data channel `term`
   * @fd: a stream socket with the messages of the terminal, for whoever returns
   *   %TRUE; whoever closes it ends the view
   *
   * A page is let in to see the terminal that is shared, in a browser
   * (`protocol/agents.md#terminal-in-a-browser`). Answer by
   * #VmAgent::answer-page.
   *
   * Returns: whether it is taken; %FALSE where no browser can be reached
   *
   * Since: 0.3
   */
  signals[SIGNAL_PAGE] = g_signal_new ("page", VM_TYPE_AGENT, G_SIGNAL_RUN_LAST,
      0, g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 4,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_INT);
  /**
   * VmAgent::page-candidate:
   * @self: the agent
   * @page: the id of a page that was let in
   * @mline: the index of its m-line
   * @candidate: an ICE candidate
   *
   * Where a page may be reached.
   *
   * Since: 0.3
   */
  signals[SIGNAL_PAGE_CANDIDATE] = g_signal_new ("page-candidate",
      VM_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
      G_TYPE_STRING, G_TYPE_UINT, G_TYPE_STRING);
  /**
   * VmAgent::answer-page:
   * @self: the agent
   * @page: the id of a page
   * @answer: the SDP that answers it
   *
   * An action: sends the answer, signed by the key of this device.
   *
   * Since: 0.3
   */
  signals[SIGNAL_ANSWER_PAGE] = g_signal_new_class_handler ("answer-page",
      VM_TYPE_AGENT, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (vm_agent_pages_answer), NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, G_TYPE_STRING);
  /**
   * VmAgent::send-page-candidate:
   * @self: the agent
   * @page: the id of a page
   * @mline: the index of the m-line
   * @candidate: an ICE candidate of this device
   *
   * An action: tells a page where this device may be reached.
   *
   * Since: 0.3
   */
  signals[SIGNAL_SEND_CANDIDATE] = g_signal_new_class_handler (
      "send-page-candidate", VM_TYPE_AGENT, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (vm_agent_pages_send_candidate), NULL, NULL, NULL, G_TYPE_NONE,
      3, G_TYPE_STRING, G_TYPE_UINT, G_TYPE_STRING);
}

static void
vm_agent_class_init (VmAgentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = vm_agent_set_property;
  object_class->get_property = vm_agent_get_property;
  object_class->constructed = vm_agent_constructed;
  object_class->dispose = vm_agent_dispose;
  object_class->finalize = vm_agent_finalize;
  install_texts (object_class);
  install_others (object_class);
  install_signals ();
  install_page_signals ();
}

static void
vm_agent_init (VmAgent *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->mailbox = vm_mailbox_new (context);
  self->share = -1;
  g_mutex_init (&self->share_lock);
  self->device = g_strdup (g_get_host_name ());
  self->allowed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->sessions =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_agent_session_unref);
  self->pages = g_ptr_array_new_with_free_func (vm_agent_page_unref);
  self->requests = g_ptr_array_new_with_free_func (vm_agent_request_free);
  self->views = g_ptr_array_new_with_free_func (g_object_unref);
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
      (GDestroyNotify) vm_agent_stream_unref);
}

/**
 * vm_agent_new:
 * @identity: the key of this device
 * @server: the address of the server, `https://HOST:PORT`
 * @room: the name of the room
 * @user: the name of the user
 *
 * Returns: (transfer full): an agent, to be started by vm_agent_start_async()
 *
 * Since: 0.3
 */
VmAgent *
vm_agent_new (VmIdentity *identity, const gchar *server, const gchar *room,
    const gchar *user)
{
  g_return_val_if_fail (VM_IS_IDENTITY (identity), NULL);
  g_return_val_if_fail (server && room && user, NULL);

  return g_object_new (VM_TYPE_AGENT, "identity", identity, "server", server,
      "room", room, "user", user, NULL);
}
