// says: key type: JSON must convert it both ways
// names: place
struct Place {
  double latitude, longitude;
};
CLOACINA_KEY(place, Place);
