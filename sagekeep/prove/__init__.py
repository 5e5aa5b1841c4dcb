"""`sagekeep prove`: from the synthesized files alone, what can reach what, what cannot leave, and what nobody needs."""
