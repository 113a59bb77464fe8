//! *Physics of Skill Learning*, figure by figure.
